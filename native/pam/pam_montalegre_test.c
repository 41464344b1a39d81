/* Real libpam, the real module, a pretended agent on a socket: each line printed is a fact that held.
 *   pam_montalegre_test <module.so> <socket>
 * Runs as root only, because both ends insist on a peer of uid 0; otherwise it says so and is skipped (77). */

#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <security/pam_appl.h>

static unsigned char heard[1024];
static ssize_t heard_length;
static unsigned char answer;
static int hang_up;
static int listener = -1;
static const char *presented;

static void *agent(void *unused)
{
    (void)unused;
    int peer = accept(listener, NULL, NULL);
    heard_length = recv(peer, heard, sizeof heard, 0);
    if (!hang_up && send(peer, &answer, 1, MSG_NOSIGNAL) != 1)
        perror("send");
    close(peer);
    return NULL;
}

static int converse(int count, const struct pam_message **messages, struct pam_response **responses, void *data)
{
    (void)messages, (void)data;
    *responses = calloc((size_t)count, sizeof **responses);
    for (int i = 0; i < count; i++)
        (*responses)[i].resp = strdup(presented);
    return PAM_SUCCESS;
}

static int failures;

static void fact(int holds, const char *sentence)
{
    printf("%s %s\n", holds ? "ok" : "FAILED", sentence);
    failures += !holds;
}

static pam_handle_t *start(const char *directory)
{
    static struct pam_conv conversation = { converse, NULL };
    pam_handle_t *pamh = NULL;
    if (pam_start_confdir("montalegre", "alice", &conversation, directory, &pamh) != PAM_SUCCESS)
        exit(2);
    return pamh;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    if (getuid() != 0) {
        puts("skipped: both ends insist on a peer of uid 0; run as root");
        return 77;
    }

    char directory[] = "/tmp/pam_montalegre.XXXXXX";
    if (mkdtemp(directory) == NULL)
        return 2;
    char service[sizeof directory + 16];
    snprintf(service, sizeof service, "%s/montalegre", directory);
    FILE *stack = fopen(service, "w");
    fprintf(stack, "auth [success=done default=ignore] %s\nauth required pam_deny.so\n", argv[1]);
    fprintf(stack, "account [success=done default=ignore] %s\naccount required pam_deny.so\n", argv[1]);
    fprintf(stack, "session required pam_permit.so\nsession optional %s\n", argv[1]);
    fclose(stack);

    pthread_t thread;
    pam_handle_t *pamh = start(directory);
    presented = "one-time";
    unlink(argv[2]);
    fact(pam_authenticate(pamh, 0) != PAM_SUCCESS, "without an agent the ordinary stack decides");
    pam_end(pamh, 0);

    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "%s", argv[2]);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    umask(0077);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 4) != 0)
        return 2;

    pamh = start(directory);
    answer = 0;
    pthread_create(&thread, NULL, agent, NULL);
    fact(pam_authenticate(pamh, 0) != PAM_SUCCESS, "a no from the agent leaves the ordinary stack to decide");
    pthread_join(thread, NULL);
    fact(pam_acct_mgmt(pamh, 0) != PAM_SUCCESS, "an account that did not sign in by us is judged by the ordinary stack");

    hang_up = 1;
    pthread_create(&thread, NULL, agent, NULL);
    fact(pam_authenticate(pamh, 0) != PAM_SUCCESS, "an agent that hangs up counts as no");
    pthread_join(thread, NULL);
    hang_up = 0;
    pam_end(pamh, 0);

    pamh = start(directory);
    answer = 1;
    pthread_create(&thread, NULL, agent, NULL);
    fact(pam_authenticate(pamh, 0) == PAM_SUCCESS, "a yes from the agent signs in");
    pthread_join(thread, NULL);
    static const unsigned char expected[] = { 1, 1, 5, 0, 'a', 'l', 'i', 'c', 'e', 8, 0, 'o', 'n', 'e', '-', 't', 'i', 'm', 'e' };
    fact(heard_length == sizeof expected && memcmp(heard, expected, sizeof expected) == 0, "the frame is as PROTOCOL.md says");
    fact(pam_acct_mgmt(pamh, 0) == PAM_SUCCESS, "the account phase agrees with our sign-in");
    fact(pam_setcred(pamh, PAM_ESTABLISH_CRED) == PAM_SUCCESS, "credentials are established");

    pam_set_item(pamh, PAM_TTY, ":10");
    pthread_create(&thread, NULL, agent, NULL);
    fact(pam_open_session(pamh, 0) == PAM_SUCCESS, "a session opens");
    pthread_join(thread, NULL);
    unsigned pid = (unsigned)getpid();
    unsigned char opened[] = { 1, 2, 5, 0, 'a', 'l', 'i', 'c', 'e', pid & 0xff, pid >> 8 & 0xff, pid >> 16 & 0xff, pid >> 24,
        3, 0, ':', '1', '0', 0, 0 };
    fact(heard_length == sizeof opened && memcmp(heard, opened, sizeof opened) == 0, "the agent hears who opened it");
    close(listener);
    fact(pam_close_session(pamh, 0) == PAM_SUCCESS, "a session closes although the agent is gone");
    pam_end(pamh, 0);

    unlink(service);
    rmdir(directory);
    unlink(argv[2]);
    return failures == 0 ? 0 : 1;
}
