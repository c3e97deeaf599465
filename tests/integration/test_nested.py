"""What needs hardware or control groups that this machine may lack, on an emulated host that has them: see nested_host.py."""

import re
import unittest

from nested_host import NestedHost

RESULT = re.compile(r"^(test_\w+) .*\.\.\. (\w+)$", re.MULTILINE)


def two_memory_nodes(mebibytes):
    """Of four processors, two in each."""
    options = []
    for node, processors in enumerate(("0-1", "2-3")):
        options += ["-object", f"memory-backend-ram,id=node{node},size={mebibytes}M",
                    "-numa", f"node,nodeid={node},cpus={processors},memdev=node{node}"]
    return options


class Nested(unittest.TestCase):
    def test_machines_on_a_host_with_nodes_huge_pages_control_groups_and_vsock(self):
        host = NestedHost(processors="4,sockets=2,cores=2", memory="3G", options=two_memory_nodes(1536))
        status, output, console = host.test("test_memory", "test_processors", "test_vsock")
        results = RESULT.findall(output)
        for name, result in results:
            with self.subTest(name):
                self.assertEqual(result, "ok", output)
        self.assertEqual(status, "0", f"{output}\n--- console\n{console[-3000:]}")
        self.assertGreaterEqual(len(results), 15, output)


if __name__ == "__main__":
    unittest.main()
