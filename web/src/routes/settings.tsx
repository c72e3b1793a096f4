import { SettingsLayout } from "@/features/auth/settings-layout";

export { SettingsLayout as Component };
