package proconnect

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

// fromTrustedProxy says whether the server's `trusted_proxies` names the address
// that the request came from.
func fromTrustedProxy(r *http.Request) bool {
	trusted, _ := caddyhttp.GetVar(r.Context(), caddyhttp.TrustedProxyVarKey).(bool)
	return trusted
}

// forwardedHTTPS says whether a proxy that the server trusts ended TLS. Several
// lines of the header are several opinions, the client's own perhaps among them
// where a proxy only adds: none is believed.
func forwardedHTTPS(r *http.Request) bool {
	lines := r.Header["X-Forwarded-Proto"]
	if len(lines) != 1 || !fromTrustedProxy(r) {
		return false
	}
	if !strings.Contains(lines[0], ",") {
		return isHTTPS(lines[0])
	}
	return isHTTPS(clientHop(r, listed(lines)))
}

// isHTTPS says whether X-Forwarded-Proto names TLS. Some proxies write the scheme
// of a WebSocket there.
func isHTTPS(proto string) bool {
	proto = strings.TrimSpace(proto)
	return strings.EqualFold(proto, "https") || strings.EqualFold(proto, "wss")
}

// clientHop returns what the proxy that the client reached said of the scheme,
// where several in a row each added what they saw. What is before that, the
// client itself may have written: X-Forwarded-For, in which the proxies add to one
// another likewise, tells how many they are, counted from the nearest.
func clientHop(r *http.Request, protos []string) string {
	addresses := listed(r.Header["X-Forwarded-For"])
	if len(addresses) == 0 {
		return protos[0]
	}
	client, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	behind := 0 // proxies between the one that the client reached and us
	for i := len(addresses) - 1; i >= 0; i-- {
		if isAddress(addresses[i], client) {
			behind = len(addresses) - 1 - i
			break
		}
	}
	return protos[max(0, len(protos)-1-behind)]
}

// isAddress says whether an element of X-Forwarded-For, which may have a port, is an
// address.
func isAddress(element, address string) bool {
	ip, err := netip.ParseAddr(origin.HostOf(element))
	return err == nil && ip.WithZone("").String() == address
}

// listed returns the elements of a header that is a list (RFC 9110 §5.6.1).
func listed(lines []string) (elements []string) {
	for _, line := range lines {
		for element := range strings.SplitSeq(line, ",") {
			elements = append(elements, strings.TrimSpace(element))
		}
	}
	return elements
}

// plainHTTP says why a request counts as plain http, and what the operator can do:
// whoever set trusted_proxies needs to know what came instead of what was awaited.
func plainHTTP(r *http.Request) (remedy string) {
	_, told := r.Header["X-Forwarded-Proto"]
	switch trusted := fromTrustedProxy(r); {
	case trusted && told:
		return "the trusted proxy does not say https: X-Forwarded-Proto must be the scheme that the browser used, set by the proxy that ends TLS and left alone by those behind it; or set `origin`"
	case trusted:
		return "the trusted proxy sends no X-Forwarded-Proto: have it set to the scheme that the browser used (nginx: proxy_set_header X-Forwarded-Proto $scheme); or set `origin`"
	case told:
		return "X-Forwarded-Proto came from an address that `trusted_proxies` does not name: name it, if it is your proxy's; or set `origin`"
	}
	return "set `origin`, or `trusted_proxies` if a proxy in front ends TLS"
}

// forwardedFields are what told, or did not tell, of a proxy in front.
func forwardedFields(r *http.Request) []zap.Field {
	return []zap.Field{
		zap.String("host", shortened(r.Host)), zap.String("remote", r.RemoteAddr), zap.Bool("trusted_proxy", fromTrustedProxy(r)),
		zap.String("x_forwarded_proto", shortened(strings.Join(r.Header["X-Forwarded-Proto"], " | "))),
		zap.String("x_forwarded_for", shortened(strings.Join(r.Header["X-Forwarded-For"], " | "))),
	}
}

// shortened bounds what a client wrote and a log line repeats.
func shortened(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}

// clientIP is the address that a request came from, as Caddy takes it from trusted proxies.
func clientIP(r *http.Request) string {
	if ip, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string); ip != "" {
		return ip
	}
	return origin.HostOf(r.RemoteAddr)
}
