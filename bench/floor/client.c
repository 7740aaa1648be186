/* The floor: the least that could be called a client. It sleeps in epoll until a message of the
 * market comes, and answers with an order that was made beforehand; it reads nothing of it.
 *
 * usage: client PORT [poll]; it prints "ready" and ends when its standard input does. With "poll"
 * it asks epoll again and again instead of sleeping, and yields its core to whoever waits. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static const char ORDER[] =
    "{\"id\":1,\"method\":\"order.place\",\"params\":{\"newClientOrderId\":\"F00000001\","
    "\"newOrderRespType\":\"ACK\",\"price\":\"60000\",\"quantity\":\"0.001\","
    "\"recvWindow\":5000,\"selfTradePreventionMode\":\"EXPIRE_MAKER\",\"side\":\"BUY\","
    "\"symbol\":\"BTCUSDT\",\"timeInForce\":\"IOC\",\"timestamp\":1790000000000,"
    "\"type\":\"LIMIT\"}}";

static int upgrade(int port, const char *path) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    char text[512];
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address)) exit(1);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    int length = snprintf(text, sizeof text,
                          "GET %s HTTP/1.1\r\nHost: stub\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
                          path);
    if (send(fd, text, (size_t)length, 0) != length || recv(fd, text, sizeof text, 0) <= 0)
        exit(1);
    return fd;
}

int main(int count, char **arguments) {
    if (count < 2) return 2;
    int port = atoi(arguments[1]), polls = count > 2;
    int market = upgrade(port, "/stream?streams=btcusdt@bookTicker");
    int orders = upgrade(port, "/ws-api/v3");
    unsigned char frame[8 + sizeof ORDER] = {0x81, 0x80 | 126};
    size_t length = sizeof ORDER - 1;
    frame[2] = (unsigned char)(length >> 8), frame[3] = (unsigned char)length;
    memcpy(frame + 8, ORDER, length);
    int epoll_fd = epoll_create1(0), fds[] = {0, market, orders};
    for (int i = 0; i < 3; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fds[i]};
        epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fds[i], &event);
    }
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        struct epoll_event events[4];
        int ready = epoll_wait(epoll_fd, events, 4, polls ? 0 : -1);
        if (polls && !ready) sched_yield();
        for (int i = 0; i < ready; i++) {
            char in[4096];
            int fd = events[i].data.fd;
            if (fd == 0 && read(0, in, sizeof in) <= 0) return 0;
            if (fd == 0) continue;
            if (recv(fd, in, sizeof in, 0) <= 0) return 1;
            if (fd == market && send(orders, frame, 8 + length, 0) < 0) return 1;
        }
    }
}
