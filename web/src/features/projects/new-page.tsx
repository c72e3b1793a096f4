import { PageHeader } from "@/components/page-header";

export function NewProjectPage() {
  return (
    <>
      <PageHeader title="NewProjectPage" />
    </>
  );
}
