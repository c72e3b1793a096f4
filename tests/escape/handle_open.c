/* Opens a file of the host by handle, around all paths (the attack named Shocker).
 * Must be refused by the syscall filter, and by the lack of CAP_DAC_READ_SEARCH. */
#include "attack.h"

int main(void)
{
    struct {
        struct file_handle h;
        unsigned char bytes[128];
    } f = {.h.handle_bytes = 128};
    int mount_id;
    MUST_FAIL(name_to_handle_at(AT_FDCWD, "/usr", &f.h, &mount_id, 0), EPERM);
    f.h = (struct file_handle){.handle_bytes = 8, .handle_type = 1};
    f.bytes[0] = 2; /* the root directory's inode on ext4 */
    MUST_FAIL(open_by_handle_at(open("/usr", O_RDONLY), &f.h, O_RDONLY), EPERM);
    refused("handles answer EPERM");
}
