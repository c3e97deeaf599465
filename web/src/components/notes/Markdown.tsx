// Markdown of people, shown safely: no HTML of theirs, links only to places a browser may be sent to, and pictures as links, for
// the daemon's content security policy lets the page load nothing from elsewhere.
import { makeStyles, mergeClasses, tokens, typographyStyles } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import ReactMarkdown, { type Components } from 'react-markdown';
import remarkGfm from 'remark-gfm';

import { safeLink } from '../../lib/notes';
import { useCommonStyles } from '../styles';

const border = `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`;

const useStyles = makeStyles({
  text: {
    ...typographyStyles.body1,
    overflowWrap: 'anywhere',
    minWidth: 0,
    '& > :first-child': { marginTop: 0 },
    '& > :last-child': { marginBottom: 0 },
    '& p, & ul, & ol, & pre, & blockquote, & table': { margin: `${tokens.spacingVerticalS} 0` },
    '& ul, & ol': { paddingInlineStart: tokens.spacingHorizontalXXL },
    '& h3, & h4, & h5, & h6': {
      ...typographyStyles.body1Strong,
      margin: `${tokens.spacingVerticalM} 0 ${tokens.spacingVerticalXS}`,
    },
    '& h3': { ...typographyStyles.subtitle2 },
    '& code': {
      fontFamily: tokens.fontFamilyMonospace,
      fontSize: tokens.fontSizeBase200,
      backgroundColor: tokens.colorNeutralBackground3,
      borderRadius: tokens.borderRadiusSmall,
      padding: '0 3px',
    },
    '& pre': {
      overflowX: 'auto',
      padding: tokens.spacingHorizontalM,
      borderRadius: tokens.borderRadiusMedium,
      backgroundColor: tokens.colorNeutralBackground3,
    },
    '& pre code': { padding: 0 },
    '& blockquote': {
      paddingInlineStart: tokens.spacingHorizontalM,
      boxShadow: `inset 3px 0 0 ${tokens.colorNeutralStroke1}`,
      color: tokens.colorNeutralForeground2,
    },
    '& hr': { height: '1px', borderTopStyle: 'none', backgroundColor: tokens.colorNeutralStroke2 },
    '& table': { display: 'block', overflowX: 'auto', borderCollapse: 'collapse' },
    '& th, & td': { padding: `${tokens.spacingVerticalXXS} ${tokens.spacingHorizontalS}`, border },
  },
});

function SafeLink({ href, children }: { href?: string; children?: ReactNode }) {
  const common = useCommonStyles();
  const address = safeLink(href);
  if (!address) return <>{children}</>;
  return (
    <a className={common.link} href={address} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  );
}

// The page has the two highest headings itself.
const parts: Components = {
  h1: ({ children }) => <h3>{children}</h3>,
  h2: ({ children }) => <h4>{children}</h4>,
  h3: ({ children }) => <h5>{children}</h5>,
  h4: ({ children }) => <h6>{children}</h6>,
  h5: ({ children }) => <h6>{children}</h6>,
  a: ({ href, children }) => <SafeLink href={href}>{children}</SafeLink>,
  img: ({ src, alt }) => <SafeLink href={typeof src === 'string' ? src : ''}>{alt || String(src)}</SafeLink>,
  pre: ({ children }) => <pre tabIndex={0}>{children}</pre>,
};

export default function Markdown({ text, className }: { text: string; className?: string }) {
  const styles = useStyles();
  return (
    <div className={mergeClasses(styles.text, className)} data-markdown>
      <ReactMarkdown remarkPlugins={[remarkGfm]} components={parts} skipHtml>
        {text}
      </ReactMarkdown>
    </div>
  );
}
