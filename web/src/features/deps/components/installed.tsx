import type { ColumnDef } from "@tanstack/react-table";
import { Package } from "lucide-react";
import type { Schema } from "@/api/client";
import { CopyButton } from "@/components/copy-button";
import { DataTable } from "@/components/data-table";
import { Empty } from "@/components/empty";
import { SearchInput } from "@/components/search-input";
import { Time } from "@/components/time";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { bytes, count } from "@/lib/format";
import { useTyped } from "@/lib/typed";
import type { Language } from "../packages";
import { languageNames } from "./language-tabs";

type Layer = Schema<"Layer">;

interface InstalledProps {
  language: Language;
  layer: Layer | null;
  q: string;
  onSearch: (text: string) => void;
}

/** What calls find now, whatever is being built. */
export function Installed({ language, layer, q, onSearch }: InstalledProps) {
  const [text, type] = useTyped(q, onSearch);
  if (!layer)
    return (
      <Empty icon={Package} title={`No ${languageNames[language]} packages are installed`}>
        Add one and build: it is installed once and shared by all functions of the project.
      </Empty>
    );
  const found = layer.packages.filter(({ name }) => name.toLowerCase().includes(text.trim().toLowerCase()));
  return (
    <Card aria-label="Installed">
      <CardHeader title="Installed" description="What calls find now" />
      <CardBody className="grid grid-cols-1 gap-4">
        <Facts layer={layer} language={language} />
        {layer.packages.length > 8 && (
          <SearchInput
            className="sm:max-w-none"
            label="Search packages by name"
            placeholder="Search by name"
            value={text}
            onChange={type}
          />
        )}
        {found.length > 0 ? (
          <DataTable
            label={`Installed ${languageNames[language]} packages`}
            rows={found}
            columns={columns}
            rowKey={({ name, version }) => `${name} ${version}`}
            tracks="minmax(0,1fr) minmax(5rem,auto)"
            rowHeight={36}
            maxHeight="26rem"
          />
        ) : (
          <p className="text-muted-foreground">{text ? "No package has this in its name." : "No packages."}</p>
        )}
      </CardBody>
    </Card>
  );
}

const columns: ColumnDef<Schema<"Package">, string>[] = [
  { accessorKey: "name", header: "Package", cell: ({ getValue }) => <Mono text={getValue()} /> },
  {
    accessorKey: "version",
    header: "Version",
    enableSorting: false,
    cell: ({ getValue }) => <Mono text={getValue()} />,
  },
];

const Mono = ({ text }: { text: string }) => (
  <span title={text} className="font-mono text-[0.8125rem]">
    {text}
  </span>
);

function Facts({ layer, language }: { layer: Layer; language: Language }) {
  const facts: [string, React.ReactNode][] = [
    ["Runtime", `${languageNames[language]} ${layer.runtime_version}`],
    ["Packages", count(layer.packages.length)],
    ["Size", bytes(layer.bytes)],
    ["Files", count(layer.files)],
    ["Built", <Time key="built" at={layer.created_at} />],
    [
      "Layer",
      <span key="layer" className="-my-1 inline-flex items-center gap-0.5">
        <span className="font-mono text-[0.8125rem]" title={layer.id}>
          {layer.id.slice(0, 12)}
        </span>
        <CopyButton text={layer.id} label="Copy the id of the layer" />
      </span>,
    ],
  ];
  return (
    <dl className="grid grid-cols-[repeat(auto-fill,minmax(8rem,1fr))] gap-x-4 gap-y-2.5">
      {facts.map(([name, value]) => (
        <div key={name} className="min-w-0">
          <dt className="text-[0.8125rem] text-muted-foreground">{name}</dt>
          <dd className="truncate tabular-nums">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
