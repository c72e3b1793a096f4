import { CircleHelp, LogOut, Settings } from "lucide-react";
import { useNavigate } from "react-router";
import type { Schema } from "@/api/client";
import { signOut } from "@/api/sign-out";
import { toast } from "@/components/toaster";
import { Menu, MenuItem, MenuLine, MenuRadio } from "@/components/ui/menu";
import { setTheme, useTheme } from "@/lib/theme";
import { AccountButton } from "./account-button";

/** Opens as soon as it is there: the press on the button that asked for it is what it answers. */
export default function AccountMenu({ account, onHelp }: { account: Schema<"OwnAccount">; onHelp: () => void }) {
  const navigate = useNavigate();
  const chosen = useTheme();
  return (
    <Menu align="start" defaultOpen trigger={<AccountButton name={account.name} />}>
      <MenuItem onSelect={() => navigate("/settings")}>
        <Settings aria-hidden /> Settings
      </MenuItem>
      <MenuItem onSelect={onHelp}>
        <CircleHelp aria-hidden /> Keyboard shortcuts
      </MenuItem>
      <MenuLine />
      <MenuRadio
        label="Theme"
        value={chosen}
        onChange={setTheme}
        options={[
          ["light", "Light"],
          ["dark", "Dark"],
          ["system", "As the system"],
        ]}
      />
      {account.credential.kind === "session" && (
        <>
          <MenuLine />
          <MenuItem onSelect={() => signOut().catch((error: Error) => toast.error(error.message))}>
            <LogOut aria-hidden /> Sign out
          </MenuItem>
        </>
      )}
    </Menu>
  );
}
