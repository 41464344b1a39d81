/* PAM module of the desktop machine: asks the agent whether a presented secret is the broker's one-time secret.
 * Wire format and rules: PROTOCOL.md beside this file. Whatever goes wrong here, ordinary PAM goes on untouched. */

#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

#ifndef MONTALEGRE_PAM_SOCKET
#define MONTALEGRE_PAM_SOCKET "/run/montalegre/pam.sock"
#endif

#define EXPORT __attribute__((visibility("default")))

enum {
    PROTOCOL_VERSION = 1,
    KIND_AUTHENTICATE = 1,
    KIND_OPENED = 2,
    KIND_CLOSED = 3,
    ANSWER_YES = 1,
    LONGEST_USER = 256,
    LONGEST_SECRET = 512,
    LONGEST_NAME = 256,
    PATIENCE_MS = 10000,
};

static const char signed_in_by_us[] = "montalegre_signed_in";

struct frame {
    uint8_t bytes[2 + 2 + LONGEST_USER + 2 + LONGEST_SECRET + 2 + LONGEST_NAME];
    size_t used;
};

static void put_u8(struct frame *frame, unsigned value)
{
    frame->bytes[frame->used++] = (uint8_t)value;
}

static void put_u16(struct frame *frame, size_t value)
{
    put_u8(frame, value & 0xff);
    put_u8(frame, (value >> 8) & 0xff);
}

static void put_u32(struct frame *frame, uint32_t value)
{
    put_u16(frame, value & 0xffff);
    put_u16(frame, value >> 16);
}

/* False, and nothing written, when the text is longer than the protocol allows. */
static bool put_text(struct frame *frame, const char *text, size_t longest)
{
    size_t length = strnlen(text, longest + 1);
    if (length > longest)
        return false;
    put_u16(frame, length);
    memcpy(frame->bytes + frame->used, text, length);
    frame->used += length;
    return true;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool wait_for(int fd, short events, int64_t deadline)
{
    for (;;) {
        int64_t left = deadline - now_ms();
        if (left <= 0)
            return false;
        struct pollfd watched = { .fd = fd, .events = events };
        int ready = poll(&watched, 1, (int)left);
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return false;
    }
}

static int connect_to_agent(int64_t deadline)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    _Static_assert(sizeof MONTALEGRE_PAM_SOCKET <= sizeof address.sun_path, "socket path is too long");
    memcpy(address.sun_path, MONTALEGRE_PAM_SOCKET, sizeof MONTALEGRE_PAM_SOCKET);

    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    /* A Unix socket connects at once or its backlog is full (EAGAIN): then the agent is stuck, and waiting is no use
     * beyond the deadline. */
    while (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN || now_ms() >= deadline) {
            close(fd);
            return -1;
        }
        poll(NULL, 0, 20);
    }

    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.uid != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool agent_says_yes(const struct frame *frame)
{
    int64_t deadline = now_ms() + PATIENCE_MS;
    int fd = connect_to_agent(deadline);
    if (fd < 0)
        return false;

    bool yes = false;
    size_t sent = 0;
    while (sent < frame->used) {
        ssize_t n = send(fd, frame->bytes + sent, frame->used - sent, MSG_NOSIGNAL);
        if (n > 0)
            sent += (size_t)n;
        else if (n < 0 && errno == EAGAIN && wait_for(fd, POLLOUT, deadline))
            continue;
        else if (n < 0 && errno == EINTR)
            continue;
        else
            goto done;
    }

    uint8_t answer = 0;
    for (;;) {
        if (!wait_for(fd, POLLIN, deadline))
            goto done;
        ssize_t n = recv(fd, &answer, 1, 0);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        yes = n == 1 && answer == ANSWER_YES;
        break;
    }

done:
    close(fd);
    return yes;
}

static bool start_frame(pam_handle_t *pamh, struct frame *frame, int kind)
{
    const char *user = NULL;
    frame->used = 0;
    if (pam_get_user(pamh, &user, NULL) != PAM_SUCCESS || user == NULL || *user == '\0')
        return false;
    put_u8(frame, PROTOCOL_VERSION);
    put_u8(frame, (unsigned)kind);
    return put_text(frame, user, LONGEST_USER);
}

EXPORT int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)flags, (void)argc, (void)argv;
    struct frame frame;
    const char *secret = NULL;

    /* Decided anew each time: an earlier success on this handle must not vouch for another user. */
    pam_set_data(pamh, signed_in_by_us, NULL, NULL);
    if (!start_frame(pamh, &frame, KIND_AUTHENTICATE))
        return PAM_AUTHINFO_UNAVAIL;
    /* PAM keeps what it asked for, so the modules after us find the same password and nobody is asked twice. */
    if (pam_get_authtok(pamh, PAM_AUTHTOK, &secret, NULL) != PAM_SUCCESS || secret == NULL || *secret == '\0')
        return PAM_AUTHINFO_UNAVAIL;

    bool yes = put_text(&frame, secret, LONGEST_SECRET) && agent_says_yes(&frame);
    explicit_bzero(&frame, sizeof frame);
    if (!yes)
        return PAM_AUTHINFO_UNAVAIL;

    /* A used-up secret is no password: later modules (key rings, for one) must not store it. */
    pam_set_item(pamh, PAM_AUTHTOK, NULL);
    if (pam_set_data(pamh, signed_in_by_us, (void *)(uintptr_t)signed_in_by_us, NULL) != PAM_SUCCESS)
        return PAM_AUTHINFO_UNAVAIL;
    pam_syslog(pamh, LOG_INFO, "signed in with the broker's one-time secret");
    return PAM_SUCCESS;
}

static int success_if_ours(pam_handle_t *pamh)
{
    const void *mark = NULL;
    return pam_get_data(pamh, signed_in_by_us, &mark) == PAM_SUCCESS && mark != NULL ? PAM_SUCCESS : PAM_IGNORE;
}

EXPORT int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)flags, (void)argc, (void)argv;
    return success_if_ours(pamh);
}

EXPORT int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)flags, (void)argc, (void)argv;
    return success_if_ours(pamh);
}

static const char *item(pam_handle_t *pamh, int which)
{
    const void *value = NULL;
    return pam_get_item(pamh, which, &value) == PAM_SUCCESS && value != NULL ? value : "";
}

static int tell(pam_handle_t *pamh, int kind)
{
    struct frame frame;
    if (start_frame(pamh, &frame, kind)) {
        put_u32(&frame, (uint32_t)getpid());
        if (put_text(&frame, item(pamh, PAM_TTY), LONGEST_NAME) && put_text(&frame, item(pamh, PAM_RHOST), LONGEST_NAME))
            (void)agent_says_yes(&frame);
    }
    return PAM_IGNORE;
}

EXPORT int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)flags, (void)argc, (void)argv;
    return tell(pamh, KIND_OPENED);
}

EXPORT int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)flags, (void)argc, (void)argv;
    return tell(pamh, KIND_CLOSED);
}
