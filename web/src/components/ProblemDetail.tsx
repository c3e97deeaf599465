// What to do about a problem and, where the title says less than the daemon did, the daemon's own sentence.
import { Caption1 } from '@fluentui/react-components';

import type { ProblemWords } from '../lib/words';
import { useCommonStyles } from './styles';

/** Text in which `commands` stand out. */
function Commands({ text }: { text: string }) {
  const common = useCommonStyles();
  return text.split('`').map((part, index) =>
    index % 2 === 1 ? (
      <code key={index} className={common.mono}>
        {part}
      </code>
    ) : (
      part
    ),
  );
}

export function ProblemDetail({ problem }: { problem: ProblemWords }) {
  return (
    <>
      <Commands text={problem.hint} />
      {problem.said && (
        <Caption1 block lang="en">
          <Commands text={problem.said} />
        </Caption1>
      )}
    </>
  );
}
