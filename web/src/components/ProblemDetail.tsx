// What to do about a problem and, where the title says less than the daemon did, the daemon's own sentence.
import { Caption1 } from '@fluentui/react-components';

import type { ProblemWords } from '../lib/words';

export function ProblemDetail({ problem }: { problem: ProblemWords }) {
  return (
    <>
      {problem.hint}
      {problem.said && (
        <Caption1 block lang="en">
          {problem.said}
        </Caption1>
      )}
    </>
  );
}
