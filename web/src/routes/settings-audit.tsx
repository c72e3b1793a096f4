import { AuditPage } from "@/features/auth/audit-page";

export { AuditPage as Component };
