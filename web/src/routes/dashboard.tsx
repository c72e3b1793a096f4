import { DashboardPage } from "@/features/usage/page";

export { DashboardPage as Component };
