// A line of text with its label, what it is for, and why it is refused.
import { Field, Input } from '@fluentui/react-components';

interface TextFieldProps {
  label: string;
  hint?: string;
  /** Why the value is refused; none: it is not. */
  problem?: string;
  required?: boolean;
  placeholder?: string;
  value: string;
  onChange: (value: string) => void;
}

/** For names, paths and sums: neither spelled nor completed. */
export function TextField({ label, hint, problem, required, placeholder, value, onChange }: TextFieldProps) {
  return (
    <Field label={label} hint={hint} required={required} validationMessage={problem}>
      <Input
        spellCheck={false}
        autoComplete="off"
        placeholder={placeholder}
        value={value}
        onChange={(_, data) => onChange(data.value)}
      />
    </Field>
  );
}
