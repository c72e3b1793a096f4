import type { Schema } from "@/api/client";
import { Field } from "@/components/ui/field";
import { Input, Textarea } from "@/components/ui/input";
import { Switch } from "@/components/ui/switch";
import { type CorsForm, corsError, corsMethods } from "../cors";

interface CorsFieldsProps {
  form: CorsForm;
  onChange: (form: CorsForm) => void;
  error: unknown;
  /** What the error is about. */
  sent: Schema<"Cors"> | undefined;
}

export function CorsFields({ form, onChange, error, sent }: CorsFieldsProps) {
  const set = (change: Partial<CorsForm>) => onChange({ ...form, ...change });
  const complaint = (member: keyof Schema<"Cors">) => corsError(error, member, sent);
  return (
    <>
      <Switch
        label="Any origin"
        hint="Pages from anywhere. Not together with credentials."
        checked={form.anyOrigin}
        onChange={(anyOrigin) => set({ anyOrigin })}
      />
      {form.anyOrigin ? (
        <Complaint text={complaint("origins")} />
      ) : (
        <Field
          label="Origins"
          hint="One on each line, as browsers send them: https://app.example.com, without a path."
          error={complaint("origins")}
        >
          {(control) => (
            <Textarea
              {...control}
              className="font-mono text-[0.8125rem]"
              placeholder="https://app.example.com"
              value={form.origins}
              onChange={(event) => set({ origins: event.target.value })}
            />
          )}
        </Field>
      )}
      <Methods form={form} set={set} error={complaint("methods")} />
      <div className="grid gap-4 sm:grid-cols-2">
        <HeaderList
          label="Request headers"
          hint="Those that pages may send. A * stands for any."
          error={complaint("headers")}
          value={form.headers}
          onChange={(headers) => set({ headers })}
        />
        <HeaderList
          label="Exposed headers"
          hint="Those of an answer that their scripts may read."
          error={complaint("exposed")}
          value={form.exposed}
          onChange={(exposed) => set({ exposed })}
        />
      </div>
      <Switch
        label="Credentials"
        hint="Cookies of the visitor come along. Only for origins that you name."
        checked={form.credentials}
        onChange={(credentials) => set({ credentials })}
      />
      <Field
        label="Remembered for (seconds)"
        hint="How long a browser does not ask again: 0 to 86,400."
        error={complaint("max_age_s")}
        className="max-w-56"
      >
        {(control) => (
          <Input
            {...control}
            inputMode="numeric"
            value={form.maxAge}
            onChange={(event) => set({ maxAge: event.target.value })}
          />
        )}
      </Field>
    </>
  );
}

function Complaint({ text }: { text: string | undefined }) {
  if (!text) return null;
  return (
    <p role="alert" className="text-[0.8125rem] text-danger">
      {text}
    </p>
  );
}

interface MethodsProps {
  form: CorsForm;
  set: (change: Partial<CorsForm>) => void;
  error: string | undefined;
}

function Methods({ form, set, error }: MethodsProps) {
  const toggle = (method: string) => {
    const on = form.methods.includes(method);
    set({ methods: corsMethods.filter((each) => (each === method ? !on : form.methods.includes(each))) });
  };
  return (
    <fieldset className="grid gap-1.5">
      <legend className="mb-1.5 font-medium">Methods</legend>
      <div className="flex flex-wrap gap-x-4 gap-y-2">
        <Check label="Any" checked={form.anyMethod} onChange={() => set({ anyMethod: !form.anyMethod })} />
        {corsMethods.map((method) => (
          <Check
            key={method}
            label={method}
            checked={form.anyMethod || form.methods.includes(method)}
            disabled={form.anyMethod}
            onChange={() => toggle(method)}
          />
        ))}
      </div>
      <Complaint text={error} />
    </fieldset>
  );
}

interface CheckProps {
  label: string;
  checked: boolean;
  disabled?: boolean;
  onChange: () => void;
}

function Check({ label, ...rest }: CheckProps) {
  return (
    <label className="flex items-center gap-1.5 font-mono text-[0.8125rem]">
      <input type="checkbox" className="size-4 accent-(--primary)" {...rest} /> {label}
    </label>
  );
}

interface HeaderListProps {
  label: string;
  hint: string;
  error: string | undefined;
  value: string;
  onChange: (value: string) => void;
}

function HeaderList({ label, hint, error, value, onChange }: HeaderListProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <Input
          {...control}
          className="font-mono text-[0.8125rem]"
          placeholder="Content-Type, Authorization"
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
