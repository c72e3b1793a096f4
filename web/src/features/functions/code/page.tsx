import { PageHeader } from "@/components/page-header";

export function CodePage({ id }: { id: string }) {
  return (
    <>
      <PageHeader title="CodePage" description={id} />
    </>
  );
}
