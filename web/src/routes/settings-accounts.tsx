import { AccountsPage } from "@/features/auth/accounts-page";

export { AccountsPage as Component };
