/* The wire of the stub: frames, the handshake's key, fields of requests, canned answers. */

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t server_frame(char *out, int opcode, const char *text, size_t length) {
    size_t at = 2;
    out[0] = (char)(0x80 | opcode);
    if (length < 126) {
        out[1] = (char)length;
    } else {
        out[1] = 126, out[2] = (char)(length >> 8), out[3] = (char)length;
        at = 4;
    }
    memcpy(out + at, text, length);
    return at + length;
}

/* Unmask one frame in place; 0 while it is not whole. */
static size_t client_frame(char *in, size_t used, int *opcode, char **text, size_t *length) {
    if (used < 6) return 0;
    unsigned char *raw = (unsigned char *)in;
    size_t at = 2, size = raw[1] & 127;
    if (size == 126) {
        size = (size_t)raw[2] << 8 | raw[3];
        at = 4;
    } else if (size == 127) {
        return 0;
    }
    if (used < at + 4 + size) return 0;
    unsigned char *mask = raw + at, *data = raw + at + 4;
    for (size_t i = 0; i < size; i++) data[i] ^= mask[i % 4];
    *opcode = raw[0] & 15, *text = (char *)data, *length = size;
    return at + 4 + size;
}

/* Copy what follows a JSON key up to a comma or a brace, quotes included; "0" without it. */
static void token(const char *text, const char *key, char *out, size_t room) {
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\"", key);
    const char *at = strstr(text, quoted);
    snprintf(out, room, "0");
    if (!at) return;
    at += strlen(quoted);
    while (*at == ':' || *at == ' ') at++;
    size_t length = strcspn(at, *at == '"' ? ",}" : ",} ");
    snprintf(out, room, "%.*s", (int)length, at);
}

/* Give a field's value without quotes, out of JSON or of a query. */
static void field(const char *text, const char *key, char *out, size_t room) {
    char value[96], named[64];
    token(text, key, value, sizeof value);
    if (strcmp(value, "0")) {
        size_t length = strlen(value);
        int quoted = value[0] == '"';
        if (quoted && length > 1 && value[length - 1] == '"') value[length - 1] = 0;
        snprintf(out, room, "%s", value + quoted);
        return;
    }
    snprintf(named, sizeof named, "%s=", key);
    const char *at = strstr(text, named);
    if (!at) {
        snprintf(out, room, "0");
        return;
    }
    at += strlen(named);
    snprintf(out, room, "%.*s", (int)strcspn(at, "& \r\n"), at);
}

static int header(const char *head, const char *name, char *out, size_t room) {
    const char *at = strcasestr(head, name);
    if (!at) return 0;
    at += strlen(name) + 1;
    while (*at == ' ') at++;
    snprintf(out, room, "%.*s", (int)strcspn(at, "\r\n"), at);
    return 1;
}

static const char *canned(const char *head, char *out, size_t room, long long now_ms) {
    if (strstr(head, "/api/v3/time")) {
        snprintf(out, room, "{\"serverTime\":%lld}", now_ms);
        return out;
    }
    if (strstr(head, "/api/v3/exchangeInfo"))
        return "{\"timezone\":\"UTC\",\"rateLimits\":["
               "{\"rateLimitType\":\"REQUEST_WEIGHT\",\"interval\":\"MINUTE\","
               "\"intervalNum\":1,\"limit\":60000000},"
               "{\"rateLimitType\":\"RAW_REQUESTS\",\"interval\":\"MINUTE\","
               "\"intervalNum\":5,\"limit\":300000000},"
               "{\"rateLimitType\":\"ORDERS\",\"interval\":\"SECOND\","
               "\"intervalNum\":10,\"limit\":1000000},"
               "{\"rateLimitType\":\"ORDERS\",\"interval\":\"DAY\","
               "\"intervalNum\":1,\"limit\":100000000}],"
               "\"symbols\":[{\"symbol\":\"BTCUSDT\","
               "\"status\":\"TRADING\",\"baseAsset\":\"BTC\",\"baseAssetPrecision\":8,"
               "\"quoteAsset\":\"USDT\",\"quotePrecision\":8,\"quoteAssetPrecision\":8,"
               "\"orderTypes\":[\"LIMIT\",\"LIMIT_MAKER\",\"MARKET\"],"
               "\"isSpotTradingAllowed\":true,\"isMarginTradingAllowed\":false,"
               "\"permissions\":[\"SPOT\"],\"filters\":[{\"filterType\":\"PRICE_FILTER\","
               "\"minPrice\":\"0.01000000\",\"maxPrice\":\"1000000.00000000\","
               "\"tickSize\":\"0.01000000\"},{\"filterType\":\"LOT_SIZE\","
               "\"minQty\":\"0.00001000\",\"maxQty\":\"9000.00000000\","
               "\"stepSize\":\"0.00001000\"},{\"filterType\":\"NOTIONAL\","
               "\"minNotional\":\"5.00000000\"}]}]}";
    if (strstr(head, "/api/v3/account"))
        return "{\"balances\":[{\"asset\":\"BTC\",\"free\":\"10.00000000\","
               "\"locked\":\"0.00000000\"},{\"asset\":\"USDT\",\"free\":\"1000000.00000000\","
               "\"locked\":\"0.00000000\"}]}";
    return "[]";
}

/* SHA-1 and base64, for the one line of the handshake that needs them. */

static uint32_t rotate(uint32_t x, int by) { return x << by | x >> (32 - by); }

static void sha1(const unsigned char *text, size_t length, unsigned char digest[20]) {
    uint32_t h[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    unsigned char block[128] = {0};
    size_t size = length + 9 <= 64 ? 64 : 128;
    memcpy(block, text, length);
    block[length] = 0x80;
    for (int i = 0; i < 8; i++) block[size - 1 - i] = (unsigned char)(length * 8 >> (8 * i));
    for (size_t at = 0; at < size; at += 64) {
        uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
        for (int i = 0; i < 16; i++)
            w[i] = (uint32_t)block[at + 4 * i] << 24 | (uint32_t)block[at + 4 * i + 1] << 16 |
                   (uint32_t)block[at + 4 * i + 2] << 8 | block[at + 4 * i + 3];
        for (int i = 16; i < 80; i++)
            w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        for (int i = 0; i < 80; i++) {
            uint32_t f = i < 20   ? ((b & c) | (~b & d)) + 0x5A827999
                         : i < 40 ? (b ^ c ^ d) + 0x6ED9EBA1
                         : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8F1BBCDC
                                  : (b ^ c ^ d) + 0xCA62C1D6;
            uint32_t next = rotate(a, 5) + f + e + w[i];
            e = d, d = c, c = rotate(b, 30), b = a, a = next;
        }
        h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
    }
    for (int i = 0; i < 20; i++) digest[i] = (unsigned char)(h[i / 4] >> (24 - 8 * (i % 4)));
}

static void accept_key(const char *key, char *out) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char joined[128], digest[21] = {0};
    int length = snprintf((char *)joined, 100, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
    sha1(joined, (size_t)length, digest);
    for (int i = 0; i < 7; i++) {
        uint32_t three = (uint32_t)digest[3 * i] << 16 | (uint32_t)digest[3 * i + 1] << 8 |
                         (3 * i + 2 < 20 ? digest[3 * i + 2] : 0);
        for (int j = 0; j < 4; j++) *out++ = letters[three >> (18 - 6 * j) & 63];
    }
    out[-1] = '=';
    *out = 0;
}
