import { Ban, CircleCheck, Ellipsis, Gauge, KeyRound, ScrollText, ShieldCheck, ShieldOff, Trash2 } from "lucide-react";
import { useNavigate } from "react-router";
import type { Schema } from "@/api/client";
import { Button } from "@/components/ui/button";
import { Menu, MenuItem, MenuLine } from "@/components/ui/menu";

export type AccountTask = "quotas" | "password" | "admin" | "status" | "delete";

interface AccountMenuProps {
  account: Schema<"Account">;
  own: string;
  onTask: (task: AccountTask) => void;
}

/** What an administrator can do with an account. The owner's stays an active administrator; one's own is changed in the
 * profile. */
export function AccountMenu({ account, own, onTask }: AccountMenuProps) {
  const navigate = useNavigate();
  const free = account.id !== "owner" && account.id !== own;
  return (
    <Menu
      trigger={
        <Button variant="ghost" size="smallIcon" aria-label={`Actions for ${account.name}`}>
          <Ellipsis />
        </Button>
      }
    >
      <MenuItem onSelect={() => onTask("quotas")}>
        <Gauge aria-hidden /> Quotas
      </MenuItem>
      <MenuItem onSelect={() => navigate(`/settings/audit?account=${account.id}`)}>
        <ScrollText aria-hidden /> What it did
      </MenuItem>
      {account.id !== own && !account.external && (
        <MenuItem onSelect={() => onTask("password")}>
          <KeyRound aria-hidden /> Reset the password
        </MenuItem>
      )}
      {free && <PowerItems account={account} onTask={onTask} />}
    </Menu>
  );
}

function PowerItems({ account, onTask }: Pick<AccountMenuProps, "account" | "onTask">) {
  return (
    <>
      <MenuItem onSelect={() => onTask("admin")}>
        {account.admin ? <ShieldOff aria-hidden /> : <ShieldCheck aria-hidden />}
        {account.admin ? "Administrator no more" : "Make an administrator"}
      </MenuItem>
      <MenuLine />
      <MenuItem onSelect={() => onTask("status")}>
        {account.status === "active" ? <Ban aria-hidden /> : <CircleCheck aria-hidden />}
        {account.status === "active" ? "Disable" : "Enable"}
      </MenuItem>
      <MenuItem danger onSelect={() => onTask("delete")}>
        <Trash2 aria-hidden /> Delete
      </MenuItem>
    </>
  );
}
