import { PageHeader } from "@/components/page-header";

export function FunctionSettingsPage({ id }: { id: string }) {
  return (
    <>
      <PageHeader title="FunctionSettingsPage" description={id} />
    </>
  );
}
