import { useSuspenseQuery } from "@tanstack/react-query";
import { accountQuery } from "@/api/queries";
import { signOut } from "@/api/sign-out";
import { toast } from "@/components/toaster";
import { Button } from "@/components/ui/button";
import { Segmented } from "@/components/ui/segmented";
import { setTheme, type Theme, useTheme } from "@/lib/theme";
import { DeleteAccount } from "./components/delete-account";
import { PasswordForm } from "./components/password-form";
import { ProfileForm } from "./components/profile-form";
import { QuotaUse } from "./components/quota-use";
import { Section } from "./components/section";

/** Who somebody is on this server. What the account does not have (a password, a session) is not shown. */
export function ProfilePage() {
  const { data: account } = useSuspenseQuery(accountQuery());
  const session = account.credential.kind === "session";
  return (
    <div className="grid gap-5">
      {account.credential.kind === "owner_key" && <NoSignIn />}
      <Section title="Profile" description="How others see you where you work together.">
        <ProfileForm key={account.id} account={account} />
      </Section>
      {account.has_password && (
        <Section title="Password" description="A new one ends all your other sessions. Keys go on working.">
          <PasswordForm account={account} />
        </Section>
      )}
      <Section title="Theme" description="Kept in this browser." actions={<ThemeChoice />} />
      <Section title="Usage and quotas" description="Calls are counted by days in UTC.">
        <QuotaUse bounds={account.effective_quotas} />
      </Section>
      {session && (
        <Section title="Sign out" description="Ends this session; others go on." actions={<SignOutButton />} />
      )}
      {session && <DeleteAccount account={account} />}
    </div>
  );
}

function NoSignIn() {
  return (
    <p className="max-w-3xl rounded-lg bg-accent px-4 py-3 text-accent-foreground">
      This server asks nobody to sign in: whoever reaches it is its owner. So there is no password and no session here.
    </p>
  );
}

const themes: [Theme, string][] = [
  ["light", "Light"],
  ["dark", "Dark"],
  ["system", "As the system"],
];

function ThemeChoice() {
  return <Segmented label="Theme" value={useTheme()} onChange={setTheme} options={themes} />;
}

function SignOutButton() {
  return <Button onClick={() => signOut().catch((error: Error) => toast.error(error.message))}>Sign out</Button>;
}
