import { useQuery } from "@tanstack/react-query";
import {
  BookOpen,
  ChartLine,
  Database,
  FileCode,
  History,
  Keyboard,
  KeyRound,
  type LucideIcon,
  Monitor,
  Moon,
  Package,
  Route,
  ScrollText,
  Settings,
  ShieldCheck,
  SquareFunction,
  SquareTerminal,
  Sun,
  Users,
} from "lucide-react";
import { useMatch, useNavigate } from "react-router";
import { accountQuery } from "@/api/queries";
import { Kbd } from "@/components/ui/kbd";
import { keyNames, useActiveShortcuts } from "@/lib/shortcuts";
import { setTheme, type Theme } from "@/lib/theme";
import { Group, Item } from "./group";
import type { PaletteGroupProps } from "./palette";

/** What keys do on the page in sight can be done from here as well. */
export function KeyActions({ run }: PaletteGroupProps) {
  const shortcuts = useActiveShortcuts().filter((each) => each.keys !== "mod+k");
  return (
    <Group heading="Actions">
      {shortcuts.toReversed().map((each) => (
        <Item
          key={each.keys}
          id={`key ${each.keys}`}
          icon={Keyboard}
          name={each.label}
          beside={keyNames(each.keys).map((key) => <Kbd key={key}>{key}</Kbd>)}
          onSelect={() => run(each.run)}
        />
      ))}
    </Group>
  );
}

/** Address, name and sign. */
type Tab = [string, string, LucideIcon];

const pages: Tab[] = [
  ["/settings", "Profile and password", Settings],
  ["/settings/sessions", "Sessions", ShieldCheck],
  ["/settings/keys", "API keys", KeyRound],
];
const pagesForAdministrators: Tab[] = [
  ["/settings/accounts", "Accounts", Users],
  ["/settings/audit", "Audit log", ScrollText],
];

export function PageActions({ run }: PaletteGroupProps) {
  const navigate = useNavigate();
  const { data: account } = useQuery(accountQuery());
  return (
    <Group heading="Pages">
      {[...pages, ...(account?.admin ? pagesForAdministrators : [])].map(([to, name, icon]) => (
        <Item key={to} id={`page ${to}`} icon={icon} name={name} onSelect={() => run(() => navigate(to))} />
      ))}
      <Item id="page /docs" icon={BookOpen} name="API reference" onSelect={() => run(() => location.assign("/docs"))} />
    </Group>
  );
}

const projectTabs: Tab[] = [
  ["", "Functions", SquareFunction],
  ["/routes", "Routes", Route],
  ["/dependencies", "Dependencies", Package],
  ["/database", "Database", Database],
  ["/database?view=sql", "Tables and SQL", SquareTerminal],
  ["/environment", "Environment", KeyRound],
  ["/members", "Members", Users],
  ["/logs", "Log", ScrollText],
  ["/metrics", "Metrics", ChartLine],
  ["/settings", "Project settings", Settings],
];

const functionTabs: Tab[] = [
  ["", "Code", FileCode],
  ["/versions", "Versions", History],
  ["/logs", "Log", ScrollText],
  ["/metrics", "Metrics", ChartLine],
  ["/settings", "Function settings", Settings],
];

/** The tabs of the project in sight. */
export function ProjectActions(props: PaletteGroupProps) {
  return <TabActions {...props} of="project" tabs={projectTabs} />;
}

/** The tabs of the function in sight. */
export function FunctionActions(props: PaletteGroupProps) {
  return <TabActions {...props} of="function" tabs={functionTabs} />;
}

function TabActions({ run, of, tabs }: PaletteGroupProps & { of: "project" | "function"; tabs: Tab[] }) {
  const navigate = useNavigate();
  const id = useMatch(`/${of}s/:id/*`)?.params.id;
  if (!id || id === "new") return null;
  return (
    <Group heading={`This ${of}`}>
      {tabs.map(([to, name, icon]) => (
        <Item
          key={to}
          id={`tab ${to}`}
          icon={icon}
          name={name}
          words={[of]}
          onSelect={() => run(() => navigate(`/${of}s/${id}${to}`))}
        />
      ))}
    </Group>
  );
}

const themes: [Theme, string, LucideIcon][] = [
  ["light", "Light theme", Sun],
  ["dark", "Dark theme", Moon],
  ["system", "Theme of the system", Monitor],
];

export function ThemeActions({ run }: PaletteGroupProps) {
  return (
    <Group heading="Theme">
      {themes.map(([theme, name, icon]) => (
        <Item key={theme} id={`theme ${theme}`} icon={icon} name={name} onSelect={() => run(() => setTheme(theme))} />
      ))}
    </Group>
  );
}
