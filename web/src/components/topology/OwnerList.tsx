// Which mark is which machine, and what of it runs where: the picture of the processors in words.
import { makeStyles, tokens, typographyStyles } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router-dom';

import type { ProcessorOwner } from '../../api/topologyTypes';
import { draftOf, ownerMark, piecesOf, placesOf, cpuListText } from '../../lib/pinning';
import { useCommonStyles } from '../styles';
import { OwnerMark } from './OwnerMark';
import { usePieceName } from './pieces';

const useStyles = makeStyles({
  list: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalXS,
    margin: 0,
    padding: 0,
    listStyleType: 'none',
    maxHeight: '168px',
    overflowY: 'auto',
  },
  owner: { display: 'flex', alignItems: 'baseline', gap: tokens.spacingHorizontalS, minWidth: 0 },
  name: { ...typographyStyles.caption1Strong, overflowWrap: 'anywhere' },
  words: { overflowWrap: 'anywhere', minWidth: 0 },
});

/** All but one of them. */
export function OwnerList({ owners, but }: { owners: ProcessorOwner[]; but?: string }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const pieceName = usePieceName();
  const words = ({ pinning, running }: ProcessorOwner) => {
    const draft = draftOf(pinning, 0);
    return [
      ...piecesOf(draft)
        .filter((piece) => placesOf(draft, piece).length > 0)
        .map((piece) =>
          t('pinning.place', { piece: pieceName(piece), processors: cpuListText(placesOf(draft, piece)) }),
        ),
      pinning.exclusive ? t('pinning.alone') : '',
      running ? '' : t('pinning.resting'),
    ]
      .filter(Boolean)
      .join(' · ');
  };
  return (
    <ul className={styles.list} aria-label={t('pinning.owners')}>
      {owners.map(
        (owner, index) =>
          owner.machine !== but && (
            <li key={owner.machine} className={styles.owner}>
              <OwnerMark owner={owner} mark={ownerMark(index)} index={index} />
              <span className={styles.words}>
                <Link to={`/machines/${owner.machine}/settings/processor`} className={common.link}>
                  <span className={styles.name}>{owner.machine}</span>
                </Link>{' '}
                <span className={common.secondary}>{words(owner)}</span>
              </span>
            </li>
          ),
      )}
    </ul>
  );
}
