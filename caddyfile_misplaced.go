package proconnect

import (
	"fmt"
	"slices"
	"strings"
)

// caddyDirectives are Caddy's own: inside a block of ours, a closing brace is missing
// before them.
var caddyDirectives = []string{
	"abort", "acme_server", "basic_auth", "basicauth", "bind", "copy_response", "copy_response_headers", "encode", "error", "file_server",
	"forward_auth", "fs", "handle", "handle_errors", "handle_path", "header", "import", "intercept", "invoke", "log", "log_append", "log_level",
	"log_name", "log_skip", "map", "method", "metrics", "php_fastcgi", "proconnect", "push", "redir", "request_body", "request_header", "respond",
	"reverse_proxy", "rewrite", "root", "route", "skip_log", "templates", "timeouts", "tls", "tracing", "try_files", "uri", "vars",
}

// caddyOptions are Caddy's global options.
var caddyOptions = []string{
	"acme_ca", "acme_ca_root", "acme_dns", "acme_eab", "admin", "auto_https", "cert_issuer", "cert_lifetime", "debug", "default_bind", "default_sni",
	"dns", "ech", "email", "events", "fallback_sni", "filesystem", "grace_period", "http_port", "https_port", "key_type", "local_certs", "log",
	"metrics", "ocsp_interval", "ocsp_stapling", "on_demand_tls", "order", "persist_config", "pki", "preferred_chains", "renew_interval", "servers",
	"shutdown_delay", "skip_install_trust", "storage", "storage_check", "storage_clean_interval", "tls_resolvers",
}

// behindBlock says that a word belongs behind the end of a block; empty if it does not.
func behindBlock(word, block string, others ...[]string) string {
	known := slices.ContainsFunc(others, func(words []string) bool { return slices.Contains(words, word) })
	if !known && !isMatcherOrSite(word) {
		return ""
	}
	return fmt.Sprintf("%s: it belongs after %s { … }: is the closing brace missing above it?", word, block)
}

// isMatcherOrSite says whether a word is the name of a matcher, or the address of a site.
func isMatcherOrSite(word string) bool {
	return strings.HasPrefix(word, "@") || strings.HasPrefix(word, ":") || strings.Contains(word, "://") ||
		strings.HasPrefix(word, "localhost") || strings.Contains(word, ".") && !strings.HasPrefix(word, "custom")
}
