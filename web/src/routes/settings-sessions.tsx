import { SessionsPage } from "@/features/auth/sessions-page";

export { SessionsPage as Component };
