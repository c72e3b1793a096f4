/* Uses the kernel's key store: keyrings are not part of any namespace.
 * Must be refused by the syscall filter. */
#include "attack.h"

#include <linux/keyctl.h>

int main(void)
{
    MUST_FAIL(syscall(SYS_add_key, "user", "virga", "x", 1, KEY_SPEC_SESSION_KEYRING), EPERM);
    MUST_FAIL(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 1), EPERM);
    MUST_FAIL(syscall(SYS_request_key, "user", "virga", NULL, KEY_SPEC_SESSION_KEYRING), EPERM);
    refused("keys answer EPERM");
}
