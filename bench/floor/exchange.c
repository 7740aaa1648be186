/* A stub of the exchange for `bench/tick_to_order.py`: it sends one bookTicker, waits for the
 * bytes of one order, and writes down the nanoseconds between the two on one clock.
 *
 * It speaks just enough of the venue's wire for every client that is measured: the REST answers
 * of a start, market streams (combined and raw), the WebSocket API with orders and the user
 * stream. Orders are acknowledged and expire at once, so nothing rests and books stay small.
 *
 * usage: exchange CLIENTS; it prints one port a client and then takes lines on standard input:
 *     run CLIENT COUNT GAP_US          measure, and answer with COUNT lines of nanoseconds (-1:
 *                                      no order in half a second, or four times before), then a
 *                                      line "done"
 *     tick CLIENT                      send one message and wait for nothing, to open the books
 * The gap is drawn evenly from half to one and a half times GAP_US. The stub polls while it waits
 * for the order, and sleeps during the gap. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "wire.h"

#define MOST_CLIENTS 16
#define MOST_CONNECTIONS 128
#define BUFFER (1 << 16)
#define NS 1000000000LL
#define LOST_NS (NS / 2)
#define LOST_IN_A_ROW 4
#define WAKE_NS 60000LL

enum kind { FREE, LISTENER, HTTP, COMBINED, RAW, API };

struct connection {
    enum kind kind;
    int fd, client, reports;
    size_t used;
    char in[BUFFER];
};

static struct connection connections[MOST_CONNECTIONS];
static int epoll_fd, running = -1;
static long long order_at, update_id = 1000, order_id = 1000;
static uint64_t drawn = 88172645463325252ULL;

static long long clock_ns(clockid_t id) {
    struct timespec at;
    clock_gettime(id, &at);
    return at.tv_sec * NS + at.tv_nsec;
}

static long long now_ms(void) { return clock_ns(CLOCK_REALTIME) / 1000000; }

static void give(int fd, const char *bytes, size_t length) {
    while (length) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (sent <= 0) return;
        bytes += sent;
        length -= (size_t)sent;
    }
}

static void say(struct connection *to, const char *text) {
    char frame[BUFFER];
    give(to->fd, frame, server_frame(frame, 1, text, strlen(text)));
}

static void answer(struct connection *to, int status, const char *body) {
    char out[BUFFER];
    int length = snprintf(out, sizeof out,
                          "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\n"
                          "Content-Length: %zu\r\n\r\n%s",
                          status, status == 200 ? "OK" : "Bad Request", strlen(body), body);
    give(to->fd, out, (size_t)length);
}

static struct connection *join(int fd, enum kind kind, int client) {
    for (int i = 0; i < MOST_CONNECTIONS; i++) {
        struct connection *made = &connections[i];
        if (made->kind != FREE) continue;
        made->kind = kind, made->fd = fd, made->client = client;
        made->reports = 0, made->used = 0;
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = made};
        epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
        return made;
    }
    fprintf(stderr, "too many connections\n");
    exit(1);
}

static void leave(struct connection *gone) {
    close(gone->fd);
    gone->kind = FREE;
}

static struct connection *find(int client, enum kind kind, int reports) {
    for (int i = 0; i < MOST_CONNECTIONS; i++) {
        struct connection *seen = &connections[i];
        if (seen->kind == kind && seen->client == client && (!reports || seen->reports))
            return seen;
    }
    return NULL;
}

/* What an order says, and what is said of it. */

static void order_json(char *out, size_t room, const char *request, long long id) {
    char client_id[64], price[32], quantity[32], side[8];
    field(request, "newClientOrderId", client_id, sizeof client_id);
    field(request, "price", price, sizeof price);
    field(request, "quantity", quantity, sizeof quantity);
    field(request, "side", side, sizeof side);
    snprintf(out, room,
             "{\"symbol\":\"BTCUSDT\",\"orderId\":%lld,\"orderListId\":-1,"
             "\"clientOrderId\":\"%s\",\"transactTime\":%lld,\"price\":\"%s\","
             "\"origQty\":\"%s\",\"executedQty\":\"0.00000000\","
             "\"cummulativeQuoteQty\":\"0.00000000\",\"status\":\"EXPIRED\","
             "\"timeInForce\":\"IOC\",\"type\":\"LIMIT\",\"side\":\"%s\",\"fills\":[],"
             "\"selfTradePreventionMode\":\"EXPIRE_MAKER\"}",
             id, client_id, now_ms(), price, quantity, side);
}

static void report(struct connection *to, const char *request, const char *what, long long id) {
    char client_id[64], price[32], quantity[32], side[8], text[2048];
    field(request, "newClientOrderId", client_id, sizeof client_id);
    field(request, "price", price, sizeof price);
    field(request, "quantity", quantity, sizeof quantity);
    field(request, "side", side, sizeof side);
    snprintf(text, sizeof text,
             "{\"subscriptionId\":0,\"event\":{\"e\":\"executionReport\",\"E\":%lld,"
             "\"s\":\"BTCUSDT\",\"c\":\"%s\",\"S\":\"%s\",\"o\":\"LIMIT\",\"f\":\"IOC\","
             "\"q\":\"%s\",\"p\":\"%s\",\"P\":\"0.00000000\",\"F\":\"0.00000000\",\"g\":-1,"
             "\"C\":\"\",\"x\":\"%s\",\"X\":\"%s\",\"r\":\"NONE\",\"i\":%lld,"
             "\"l\":\"0.00000000\",\"z\":\"0.00000000\",\"L\":\"0.00000000\",\"n\":\"0\","
             "\"N\":null,\"T\":%lld,\"t\":-1,\"I\":1,\"w\":false,\"m\":false,\"M\":false,"
             "\"O\":%lld,\"Z\":\"0.00000000\",\"Y\":\"0.00000000\",\"Q\":\"0.00000000\"}}",
             now_ms(), client_id, side, quantity, price, what, what, id, now_ms(), now_ms());
    say(to, text);
}

static void on_order(struct connection *from, const char *request, const char *id,
                     long long at) {
    char body[1024], text[1400];
    if (from->client == running && !order_at) order_at = at;
    long long number = ++order_id;
    order_json(body, sizeof body, request, number);
    if (id) {
        snprintf(text, sizeof text, "{\"id\":%s,\"status\":200,\"result\":%s}", id, body);
        say(from, text);
    } else {
        answer(from, 200, body);
    }
    struct connection *user = find(from->client, API, 1);
    if (user) {
        report(user, request, "NEW", number);
        report(user, request, "EXPIRED", number);
    }
}

static void on_text(struct connection *from, char *text, long long at) {
    char id[64], method[64], out[512];
    token(text, "id", id, sizeof id);
    field(text, "method", method, sizeof method);
    if (!strcmp(method, "order.place")) {
        on_order(from, text, id, at);
    } else if (!strcmp(method, "SUBSCRIBE")) {
        snprintf(out, sizeof out, "{\"result\":null,\"id\":%s}", id);
        say(from, out);
    } else if (!strcmp(method, "order.cancel")) {
        snprintf(out, sizeof out,
                 "{\"id\":%s,\"status\":400,\"error\":{\"code\":-2011,"
                 "\"msg\":\"Unknown order sent.\"}}", id);
        say(from, out);
    } else {
        from->reports |= !strncmp(method, "userDataStream", 14);
        snprintf(out, sizeof out,
                 "{\"id\":%s,\"status\":200,\"result\":{\"subscriptionId\":0,"
                 "\"authorizedSince\":%lld}}", id, now_ms());
        say(from, out);
    }
}

static void on_request(struct connection *from, char *head, char *body, long long at) {
    char key[64], out[256];
    if (header(head, "Sec-WebSocket-Key", key, sizeof key)) {
        char accepted[32];
        accept_key(key, accepted);
        int length = snprintf(out, sizeof out,
                              "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                              "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                              accepted);
        char *end = strchr(head, '\r');
        *end = 0;
        from->kind = strstr(head, "/ws-api") ? API : strstr(head, "/stream?") ? COMBINED : RAW;
        give(from->fd, out, (size_t)length);
    } else if (!strncmp(head, "POST /api/v3/order", 18)) {
        on_order(from, *body ? body : head, NULL, at);
    } else if (!strncmp(head, "GET /api/v3/order?", 18)) {
        answer(from, 400, "{\"code\":-2013,\"msg\":\"Order does not exist.\"}");
    } else {
        answer(from, 200, canned(head, out, sizeof out, now_ms()));
    }
}

/* Bytes in. */

static size_t take_http(struct connection *from, long long at) {
    char *end = memmem(from->in, from->used, "\r\n\r\n", 4), length[16] = "0";
    if (!end) return 0;
    *end = 0;
    header(from->in, "Content-Length", length, sizeof length);
    size_t head = (size_t)(end - from->in) + 4, whole = head + (size_t)atoi(length);
    if (from->used < whole) {
        *end = '\r';
        return 0;
    }
    char kept = from->in[whole];
    from->in[whole] = 0;
    on_request(from, from->in, from->in + head, at);
    from->in[whole] = kept;
    return whole;
}

static size_t take_frame(struct connection *from, long long at) {
    char *text;
    size_t length;
    int opcode;
    size_t whole = client_frame(from->in, from->used, &opcode, &text, &length);
    if (!whole) return 0;
    char kept = text[length];
    text[length] = 0;
    if (opcode == 1) {
        on_text(from, text, at);
    } else if (opcode == 9) {
        char frame[256];
        give(from->fd, frame, server_frame(frame, 10, text, length));
    }
    text[length] = kept;
    return whole;
}

static void serve(struct connection *from) {
    if (from->kind == LISTENER) {
        int one = 1, fd = accept4(from->fd, NULL, NULL, SOCK_NONBLOCK);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        join(fd, HTTP, from->client);
        return;
    }
    ssize_t got = recv(from->fd, from->in + from->used, BUFFER - 1 - from->used, 0);
    long long at = clock_ns(CLOCK_MONOTONIC);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN) leave(from);
        return;
    }
    from->used += (size_t)got;
    size_t taken;
    do {
        taken = from->kind == HTTP ? take_http(from, at) : take_frame(from, at);
        from->used -= taken;
        memmove(from->in, from->in + taken, from->used);
    } while (taken && from->used);
}

static void wait_for(long long most_ns) {
    struct epoll_event events[16];
    struct timespec most = {most_ns / NS, most_ns % NS};
    int count = epoll_pwait2(epoll_fd, events, 16, &most, NULL);
    for (int i = 0; i < count; i++)
        if (events[i].data.ptr) serve(events[i].data.ptr);
}

/* The measurement. */

static void tick(struct connection *to) {
    char data[512], text[640];
    long long cents = 6000000 + ++update_id % 50;
    snprintf(data, sizeof data,
             "{\"u\":%lld,\"s\":\"BTCUSDT\",\"b\":\"%lld.%02lld000000\",\"B\":\"3.10000000\","
             "\"a\":\"%lld.%02lld000000\",\"A\":\"4.20000000\"}",
             update_id, cents / 100, cents % 100, (cents + 1) / 100, (cents + 1) % 100);
    if (to->kind == RAW) {
        say(to, data);
        return;
    }
    snprintf(text, sizeof text, "{\"stream\":\"btcusdt@bookTicker\",\"data\":%s}", data);
    say(to, text);
}

static long long jitter(long long gap_ns) {
    drawn ^= drawn << 13, drawn ^= drawn >> 7, drawn ^= drawn << 17;
    return gap_ns / 2 + (long long)(drawn % (uint64_t)(gap_ns + 1));
}

static struct connection *market_of(int client) {
    struct connection *market = find(client, COMBINED, 0);
    return market ? market : find(client, RAW, 0);
}

static void run(int client, int count, long long gap_ns) {
    struct connection *market = market_of(client);
    int lost = market ? 0 : LOST_IN_A_ROW;
    running = client;
    for (int i = 0; i < count; i++) {
        if (lost >= LOST_IN_A_ROW) {
            printf("-1\n");
            continue;
        }
        order_at = 0;
        long long began = clock_ns(CLOCK_MONOTONIC), now = began;
        tick(market);
        while (!order_at && now - began < LOST_NS) {
            wait_for(0);
            now = clock_ns(CLOCK_MONOTONIC);
        }
        printf("%lld\n", order_at ? order_at - began : -1);
        lost = order_at ? 0 : lost + 1;
        long long until = now + jitter(gap_ns);
        while ((now = clock_ns(CLOCK_MONOTONIC)) < until)
            wait_for(until - now > WAKE_NS ? until - now - WAKE_NS : 0);
    }
    running = -1;
    printf("done\n");
    fflush(stdout);
}

static void listen_for(int client) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (bind(fd, (struct sockaddr *)&address, size) || listen(fd, 16)) exit(1);
    getsockname(fd, (struct sockaddr *)&address, &size);
    join(fd, LISTENER, client);
    printf("%d\n", ntohs(address.sin_port));
}

/* Reads one command and leaves what follows for the next event. */
static int next_line(char *line, size_t size) {
    for (size_t length = 0; length < size - 1; length++) {
        if (read(0, line + length, 1) <= 0) return 0;
        if (line[length] == '\n') return 1;
    }
    return 1;
}

int main(int count, char **arguments) {
    int clients = count > 1 ? atoi(arguments[1]) : 1;
    if (clients > MOST_CLIENTS) return 2;
    epoll_fd = epoll_create1(0);
    for (int i = 0; i < clients; i++) listen_for(i);
    fflush(stdout);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, 0, &event);
    for (;;) {
        struct epoll_event events[16];
        int ready = epoll_wait(epoll_fd, events, 16, -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.ptr) {
                serve(events[i].data.ptr);
                continue;
            }
            char line[128] = "";
            int client, ticks;
            long long gap_us;
            if (!next_line(line, sizeof line)) return 0;
            if (sscanf(line, "run %d %d %lld", &client, &ticks, &gap_us) == 3)
                run(client, ticks, gap_us * 1000);
            else if (sscanf(line, "tick %d", &client) == 1 && market_of(client))
                tick(market_of(client));
        }
    }
}
