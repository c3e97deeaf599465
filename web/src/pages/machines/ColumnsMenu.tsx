import {
  Button,
  Menu,
  MenuDivider,
  MenuItem,
  MenuItemCheckbox,
  MenuList,
  MenuPopover,
  MenuTrigger,
} from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';

import { ColumnTripleRegular } from '../../components/icons';
import { initialColumns, setPreferences, usePreferences } from '../../lib/preferences';
import { chosenColumns, columnNames } from './columns';

/** Which columns the list shows; kept in this browser. */
export function ColumnsMenu() {
  const { t } = useTranslation();
  const { machineColumns } = usePreferences();
  return (
    <Menu
      checkedValues={{ columns: chosenColumns(machineColumns) }}
      onCheckedValueChange={(_, data) => setPreferences({ machineColumns: data.checkedItems })}
    >
      <MenuTrigger disableButtonEnhancement>
        <Button icon={<ColumnTripleRegular />}>{t('column.choose')}</Button>
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          {columnNames.map((name) => (
            <MenuItemCheckbox key={name} name="columns" value={name}>
              {t(`column.${name}`)}
            </MenuItemCheckbox>
          ))}
          <MenuDivider />
          <MenuItem onClick={() => setPreferences({ machineColumns: initialColumns })}>
            {t('column.initial')}
          </MenuItem>
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
