"""Every error code, task kind, step, setting, state and refusal that the daemon can send has Chinese words in the page.

English needs none: the daemon speaks it. What is sent without a code (reasons, advice) is translated sentence by sentence
where web/src/i18n/daemon.zh.json knows the sentence, and shown as it is where it does not.
"""

import json
import re

from .source import Finding, line_of

PAGE_WORDS = "web/src/i18n/zh.json"
DAEMON_WORDS = "web/src/i18n/daemon.zh.json"
# The command line's own errors and the client library's never reach the page.
NOT_THE_DAEMON = ("src/visor/", "src/visord/", "src/client/")

STRING = r'"(?:[^"\\\n]|\\.)*"'
COMMENT = re.compile(r"(?<![:\"])//.*")
DOTTED = re.compile(r'"([a-z]+\.[a-z_]+)"')
# Dotted words that are no code: files, fields of a specification and the journal's own records.
NOT_A_CODE = re.compile(r"^(?:spec\..*|cgroup\..*|cpu\.(?:max|weight)|cpuset\..*|.*\.(?:sock|json|img|log|conf|list|db|lock|raw|fd|state|note|cache|sources|html))$")
KIND = re.compile(r"\bkind = ([^;]*);")
DESCRIBED = re.compile(r'\bdescribe\((?:[^;"]*), "(\w+)"')
# The rest of a statement: a semicolon in a literal does not end it.
REST = rf"((?:{STRING}|[^;\"])*);"
STEPS = re.compile(rf"\b(?:run\.step\(|steps(?:\.| = |\{{)|build_steps\(\) \{{\s*return|describe\(){REST}")
TITLE = re.compile(r'"([A-Z][^".]*[^".:(])"')
SETTING = re.compile(r'\b(?:make|number|choice)\(\s*"([A-Za-z.\[\]]+)"')
# Files whose titles and sentences the page shows as they are.
SPOKEN_FILE = re.compile(r"/(?:host_checks\w*|os_preset|profile)\.cpp$")
SPOKEN_TITLE = re.compile(rf"\.title = (?:fmt::format\()?({STRING})")
REFUSAL = re.compile(rf"\brefuse\({REST}")
ENUM = re.compile(r"BOOST_DEFINE_ENUM_CLASS\((\w+), ([^)]*)\)")
# Which words the page takes for the values of an enumeration of the model.
ENUM_WORDS = {
    "Status": "state", "TaskState": "taskState", "StepState": "stepState", "ImageSource": "images.source",
    "Accelerator": "setting.accelerator.value", "Firmware": "setting.firmware.value", "OsFamily": "setting.os_family.value",
    "DiskDevice": "device",
}


def check(tree):
    page, daemon = load(tree, PAGE_WORDS), load(tree, DAEMON_WORDS)
    spoken = list(daemon["sentence"])
    findings, codes = [], set()
    for path in tree.cpp_files():
        if not path.startswith("src/") or path.startswith(NOT_THE_DAEMON):
            continue
        text = COMMENT.sub("", tree.text(path))
        keys = {match.group(1) for match in SETTING.finditer(text)} if path == "src/model/settings.cpp" else set()
        wanted = [(at, "setting", key) for key in keys for at in [text.find(f'"{key}"')]]
        wanted += kinds(text) + steps(text)
        for at, kind, word in wanted:
            if not has(page, daemon, kind, word):
                findings.append(Finding(path, line_of(text, at), f"{kind} '{word}' has no Chinese words"))
        tasks = {word for _, kind, word in wanted if kind == "task"} | keys
        # The ids of checks are no codes.
        for match in () if SPOKEN_FILE.search(path) else DOTTED.finditer(text):
            code = match.group(1)
            if NOT_A_CODE.match(code) or code in tasks or is_setting(page, code) or code in daemon["setting"] or has(page, daemon, "task", code):
                continue
            codes.add(code)
            if code not in daemon["error"]:
                findings.append(Finding(path, line_of(text, match.start()), f"error '{code}' has no Chinese words"))
        findings += enums(path, text, page) + refusals(path, text, spoken)
        if SPOKEN_FILE.search(path):
            findings += unspoken(path, text, spoken)
    said = literals(tree)
    findings += [Finding(DAEMON_WORDS, 1, f"no error is '{code}'") for code in daemon["error"] if code not in codes | {"internal"}]
    findings += [Finding(DAEMON_WORDS, 1, f"nobody says '{sentence}'") for sentence in spoken + list(daemon["step"])
                 if not all(part in said for part in sentence.split("{}"))]
    return findings


def literals(tree):
    """All that the daemon can say: its literals, those that stand together joined, and the names of its enumerations."""
    runs = (run for path in tree.cpp_files() for run in re.findall(rf"{STRING}(?:\s*{STRING})*", tree.text(path)))
    said = ["".join(part[1:-1].replace('\\"', '"') for part in re.findall(STRING, run)) for run in runs]
    return "\n".join(said + [match.group(2) for path in tree.cpp_files() for match in ENUM.finditer(tree.text(path))])


def load(tree, path):
    return json.loads((tree.root / path).read_text(encoding="utf-8"))


def lookup(words, key):
    for part in key.split("."):
        words = words.get(part, {}) if isinstance(words, dict) else {}
    return words


def has(page, daemon, kind, word):
    if kind == "task":
        return bool(lookup(page, "taskKind." + word.replace(".", "_")))
    if kind == "step":
        return word in daemon["step"]
    words = daemon["setting"].get(word) or lookup(page, "setting." + word.replace(".", "_"))
    return bool(words and words.get("title") and words.get("sentence"))


def is_setting(page, word):
    return bool(lookup(page, "setting." + word.replace(".", "_")))


def kinds(text):
    """Kinds of tasks: written whole, or made of a subject and the verb handed to describe()."""
    found = []
    for match in KIND.finditer(text):
        whole = [kind for kind in DOTTED.findall(match.group(1))]
        subject = re.match(r'"(\w+\.)" \+ verb$', match.group(1).strip())
        if subject:
            whole = [subject.group(1) + verb for verb in DESCRIBED.findall(text)]
        found += [(match.start(), "task", kind) for kind in whole]
    return found


def steps(text):
    return [(match.start(), "step", title) for match in STEPS.finditer(text) for title in TITLE.findall(match.group(0))]


def enums(path, text, page):
    return [Finding(path, line_of(text, match.start()), f"{match.group(1)} '{value}' has no Chinese words")
            for match in ENUM.finditer(text) if match.group(1) in ENUM_WORDS
            for value in (one.strip().rstrip("_") for one in match.group(2).split(","))
            if not lookup(page, f"{ENUM_WORDS[match.group(1)]}.{value}")]


def refusals(path, text, spoken):
    """The sentence of a refused value is the last run of literals of the call, with a blank in it."""
    found = []
    for match in REFUSAL.finditer(text):
        for run in re.finditer(rf"{STRING}(?:\s*{STRING})*", match.group(1)):
            sentence = "".join(part[1:-1] for part in re.findall(STRING, run.group(0)))
            whole = " " in sentence.strip() and sentence[0] not in " ," and sentence.rstrip()[-1] in ".:"
            if whole and not any(pattern in (sentence, sentence + "{}") for pattern in spoken):
                found.append(Finding(path, line_of(text, match.start()), f"'{sentence}' has no Chinese words"))
    return found


def unspoken(path, text, spoken):
    """Titles with a blank, and every literal that is a sentence."""
    runs = [(match.start(1), match.group(1)) for match in SPOKEN_TITLE.finditer(text)]
    runs += [(match.start(), match.group(0)) for match in re.finditer(rf"{STRING}(?:\s*{STRING})*", text)
             if match.group(0).endswith('."')]
    sentences = [(at, "".join(part[1:-1] for part in re.findall(STRING, run))) for at, run in runs]
    return [Finding(path, line_of(text, at), f"'{sentence}' has no Chinese words") for at, sentence in sentences
            if " " in sentence and sentence not in spoken]
