package upstream

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"golang.org/x/text/unicode/norm"

	"github.com/caddy-proconnect/caddy-proconnect/internal/seed"
)

// serverModels read the path of a target as servers do, each written from what a
// server documents or was seen to do, and none with a function of the gate's. An
// empty answer is one that the server does not serve.
var serverModels = map[string]func(target string) string{
	// Routers on the raw path: Express, net/http's EscapedPath.
	"raw":           func(target string) string { return target },
	"decodes once":  func(target string) string { return unescape(target) },
	"decodes twice": func(target string) string { return unescape(unescape(target)) },
	// RFC 3986 §5.2.4 to the letter: .. takes away an empty segment, too.
	"removes dots":               func(target string) string { return unescape(removeDots(target)) },
	"decodes, then removes dots": func(target string) string { return removeDots(unescape(target)) },
	// nginx, Apache: merge, then resolve.
	"merges, resolves": func(target string) string {
		return path.Clean("/" + cutAny(unescape(target), "\x00"))
	},
	// Node's new URL(req.url, base), browsers' own reading (WHATWG URL §4.4).
	"new URL": func(target string) string {
		target = strings.ReplaceAll(cutAny(target, "?#"), `\`, "/")
		if rest := strings.TrimLeft(target, "/"); len(target)-len(rest) >= 2 {
			_, after, _ := strings.Cut(rest, "/")
			target = "/" + after
		}
		var out []string
		for _, name := range strings.Split(strings.TrimPrefix(target, "/"), "/") {
			switch strings.ReplaceAll(strings.ToLower(name), "%2e", ".") {
			case "..":
				out = out[:max(len(out)-1, 0)]
			case ".":
			default:
				out = append(out, name)
			}
		}
		return unescape("/" + strings.Join(out, "/"))
	},
	// java.net.URI, Python's urlsplit.
	"reference": func(target string) string {
		u, err := url.Parse(target)
		if err != nil {
			return ""
		}
		return u.Path
	},
	// A front controller of PHP that serves its home page where parse_url gives up:
	// at a port without a host, and at a host that is none.
	"parse_url": func(target string) string {
		target = cutAny(target, "?#")
		if reference, ok := strings.CutPrefix(target, "//"); ok {
			host, after, _ := strings.Cut(reference, "/")
			if i := strings.LastIndexByte(host, ':'); host == "" || i >= 0 && (len(host) > i+6 || strings.Trim(host[i+1:], "0123456789") != "") {
				return "/"
			}
			return unescape("/" + after)
		}
		if _, after, ok := strings.Cut(target, ":"); ok {
			rest := strings.TrimLeft(after, "0123456789")
			if digits := len(after) - len(rest); digits > 0 && digits <= 5 && (rest == "" || rest[0] == '/') {
				return "/"
			}
		}
		return unescape(target)
	},
	// Tomcat's CoyoteAdapter: parameters go first, then it decodes and resolves.
	"Tomcat": func(target string) string {
		names := strings.Split(cutAny(target, "?"), "/")
		for i := range names {
			names[i] = cutAny(names[i], ";")
		}
		return path.Clean("/" + strings.ReplaceAll(unescape(strings.Join(names, "/")), `\`, "/"))
	},
	"decodes, then drops parameters": func(target string) string {
		names := strings.Split(unescape(target), "/")
		for i := range names {
			names[i] = cutAny(names[i], ";")
		}
		return strings.Join(names, "/")
	},
	// IIS and Windows' file systems.
	"Windows": func(target string) string {
		names := strings.Split(path.Clean(strings.ReplaceAll(unescape(target), `\`, "/")), "/")
		for i := range names {
			names[i] = strings.TrimRight(cutAny(names[i], ":"), ". ")
		}
		return path.Clean(strings.Join(names, "/"))
	},
	"splits late": func(target string) string { return cutAny(unescape(target), "?#") },
	"NFKC":        func(target string) string { return norm.NFKC.String(unescape(target)) },
	// A front controller under PHP-FPM: Symfony, WordPress.
	"PATH_INFO": func(target string) string {
		if _, info, ok := strings.Cut(unescape(target), ".php/"); ok {
			return "/" + info
		}
		return unescape(target)
	},
	// Symfony, Laravel and Drupal (Request::preparePathInfo), Yii, Nextcloud: what is
	// behind SCRIPT_NAME, which the address begins with.
	"cuts SCRIPT_NAME off": func(target string) string {
		if info, ok := strings.CutPrefix(unescape(target), "/index.php"); ok {
			return "/" + strings.TrimLeft(info, "/")
		}
		return unescape(target)
	},
	// Joomla: SCRIPT_NAME goes wherever it is, if the address begins with it.
	"takes SCRIPT_NAME out": func(target string) string {
		if path := unescape(target); strings.HasPrefix(path, "/index.php") {
			return "/" + strings.Trim(strings.ReplaceAll(path, "/index.php", ""), "/")
		}
		return unescape(target)
	},
	// Caddy's FastCGI transport with `split .php`.
	"runs the first .php": func(target string) string {
		path := unescape(target)
		if at := phpExtension.FindStringIndex(path); at != nil {
			return path[:at[1]]
		}
		return path
	},
	// PHP behind `rewrite ^/(.*)$ /index.php?q=$1`, without escapes.
	"reads a query": func(target string) string {
		read := ""
		for i, pair := range strings.Split(unescape(target), "&") {
			if name, value, _ := strings.Cut(pair, "="); i == 0 {
				read = pair
			} else if name == "q" {
				read = "/" + value
			}
		}
		return read
	},
	// Node's url.parse: in an authority with userinfo, an escape ends the host.
	"url.parse": func(target string) string {
		host, after, _ := strings.Cut(strings.TrimPrefix(target, "//"), "/")
		user := strings.LastIndexByte(host, '@')
		if !strings.HasPrefix(target, "//") || user < 0 {
			return unescape(target)
		}
		if i := strings.IndexByte(host[user:], '%'); i >= 0 {
			return unescape(host[user+i:] + "/" + after)
		}
		return unescape("/" + after)
	},
	// Spring's AntPathMatcher before 4.3, and many who split at slashes.
	"trims names": func(target string) string {
		names := strings.Split(unescape(target), "/")
		for i := range names {
			names[i] = strings.Trim(names[i], " ")
		}
		return strings.Join(names, "/")
	},
	// What connect has mounted at /admin it serves under /admin.x/, too.
	"ends a name at a dot": func(target string) string {
		names := strings.Split(unescape(target), "/")
		for i := range names {
			if at := strings.IndexByte(names[i], '.'); at > 0 {
				names[i] = names[i][:at]
			}
		}
		return strings.Join(names, "/")
	},
	// Joomla with a suffix to its addresses.
	"takes an extension out": func(target string) string {
		read := strings.TrimRight(unescape(target), "/")
		if extension := path.Ext(read); len(extension) > 1 {
			return strings.ReplaceAll(read, extension, "")
		}
		return read
	},
	// PHP's FILTER_SANITIZE_URL, decoders that ignore errors.
	"drops what is not ASCII": func(target string) string {
		var b []byte
		for _, c := range []byte(unescape(target)) {
			if c > ' ' && c < 0x7f {
				b = append(b, c)
			}
		}
		return string(b)
	},
	// WordPress' sanitize_title, name by name, of what is ASCII.
	"WordPress": func(target string) string {
		names := strings.Split(unescape(target), "/")
		for i := range names {
			name := noSlug.ReplaceAllString(strings.NewReplacer(".", "-", " ", "-").Replace(names[i]), "")
			names[i] = strings.Trim(hyphens.ReplaceAllString(name, "-"), "-")
		}
		return strings.Join(names, "/")
	},
}

var (
	noSlug  = regexp.MustCompile(`[^A-Za-z0-9_-]`)
	hyphens = regexp.MustCompile(`-+`)
)

var phpExtension = regexp.MustCompile(`(?i)\.php`)

func cutAny(s, chars string) string {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return s[:i]
	}
	return s
}

// unescape decodes what it can, as C servers do with sscanf.
func unescape(s string) string {
	var out []byte
	for i := 0; i < len(s); i++ {
		var c byte
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			if _, err := fmt.Sscanf(s[i+1:i+3], "%02x", &c); err != nil {
				panic(err)
			}
			out = append(out, c)
			i += 2
			continue
		}
		out = append(out, s[i])
	}
	return string(out)
}

func isHex(c byte) bool { return strings.IndexByte("0123456789abcdefABCDEF", c) >= 0 }

// removeDots is RFC 3986 §5.2.4, line by line.
func removeDots(in string) (out string) {
	for in != "" {
		switch {
		case strings.HasPrefix(in, "/./"):
			in = in[2:]
		case in == "/.":
			in = "/"
		case strings.HasPrefix(in, "/../"), in == "/..":
			if in = in[3:]; in == "" {
				in = "/"
			}
			out = out[:max(strings.LastIndexByte(out, '/'), 0)]
		default:
			end := strings.IndexByte(in[1:], '/') + 1
			if end == 0 {
				end = len(in)
			}
			out, in = out+in[:end], in[end:]
		}
	}
	return out
}

// parseTarget is a request as Go's server makes it of a target; nil where that
// answers 400 itself.
func parseTarget(target string) *http.Request {
	if strings.ContainsAny(target, " \r\n") {
		return nil
	}
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET " + target + " HTTP/1.1\r\nHost: site.example\r\n\r\n")))
	if err != nil {
		return nil
	}
	before := *r.URL
	ctx := context.WithValue(r.Context(), caddyhttp.VarsCtxKey, map[string]any{})
	ctx = context.WithValue(ctx, caddy.ReplacerCtxKey, caddy.NewReplacer())
	return r.WithContext(context.WithValue(ctx, caddyhttp.OriginalRequestCtxKey, http.Request{Method: r.Method, RequestURI: r.RequestURI, URL: &before}))
}

// fuzzGate is a gate with one set of matchers, and the JSON of those that it negates.
func fuzzGate(tb testing.TB, set caddyhttp.MatcherSet, not string) Matcher {
	tb.Helper()
	return testMatcher(tb, set, caddy.ModuleMap{"not": []byte(not)})
}

func adminGate(tb testing.TB) Matcher {
	return fuzzGate(tb, caddyhttp.MatcherSet{&caddyhttp.MatchPath{"/admin", "/admin/*"}}, "")
}

func exemptGate(tb testing.TB) Matcher {
	return fuzzGate(tb, caddyhttp.MatcherSet{&caddyhttp.MatchNot{MatcherSets: []caddyhttp.MatcherSet{{&caddyhttp.MatchPath{"/public/*"}}}}}, `[{"path":["/public/*"]}]`)
}

// wantTargetGated checks a target against every model.
func wantTargetGated(tb testing.TB, admin, exempt Matcher, target string) {
	tb.Helper()
	r := parseTarget(target)
	if r == nil {
		return
	}
	adminGated, exemptGated := whereGated(tb, admin, r), whereGated(tb, exempt, r)
	raw, _, _ := strings.Cut(target, "?")
	for name, model := range serverModels {
		exact := model(raw) // most servers mind the case, but what gates does not
		read := strings.ToLower(exact)
		if slashed := strings.TrimLeft(read, "/"); !adminGated && (slashed == "admin" || strings.HasPrefix(slashed, "admin/")) {
			tb.Errorf("%q is %q to a server that %s, and not gated", target, read, name)
		}
		if read != "" && !exemptGated && !strings.HasPrefix(exact+"/", "/public/") {
			tb.Errorf("%q is %q to a server that %s, and exempt", target, exact, name)
		}
	}
}

// targetPieces are what targets are made of that servers read in several ways.
var targetPieces = []string{
	"/", "/", "/", "//", "admin", "admin", "public", "public", "x", "s", "..", ".", "%2e", "%2E%2e", "%252e", "..;", ";a", ";a=b", "%3b", "%2f", "%2F", "%252f",
	"%5c", `\`, "%255c", "?", "%3f", "#", "%23", "%00", "%20", "%2e%20", ".json", ".css", "index.php", ".php", "/index.php", "&q=", "&", "@%61", "(S(x))", "u:p@h:80", "x:80", ":8/", "h", "%61", "%61dmin", "%2561dmin",
	"ADMIN", "Public", "%c0%ae", "%c0%af", "%e9", "%C3%A9", "%ef%bc%8f", "%ef%bd%81dmin", "%ef%bc%8e", "%u002e", "%25u002e", ":$DATA", "::", "%09", "~", "*", "...", "+",
}

// Twenty thousand targets of the pieces that matter.
func TestGeneratedTargets(t *testing.T) {
	random := seed.Rand(t)
	admin, exempt := adminGate(t), exemptGate(t)
	opened := 0
	for range 20_000 {
		var target strings.Builder
		target.WriteString([]string{"/", "/", "/", "//", "/public/", "/x/"}[random.IntN(6)])
		for range 1 + random.IntN(8) {
			target.WriteString(targetPieces[random.IntN(len(targetPieces))])
		}
		wantTargetGated(t, admin, exempt, target.String())
		if r := parseTarget(target.String()); r != nil && !whereGated(t, admin, r) {
			opened++
		}
	}
	if opened < 1000 {
		t.Errorf("only %d targets were open: a wall, not a gate", opened)
	}
}

func FuzzTargets(f *testing.F) {
	admin, exempt := adminGate(f), exemptGate(f)
	for _, target := range []string{
		"//x/admin/s", "/x/../admin//../s", "/./admin//../s", "/index.php/admin/x", "/public/..;/admin", "/public%2fx", "/%70ublic/x", "/admin%5cs", "/%2561dmin/s",
		"/admin.%20/s", "/x;a/b//c%2fd", "/(S(x))/admin", "/%ef%bd%81dmin", "/public/caf%E9.pdf", "/public/%C3%A9;a", "/a%3f/admin",
	} {
		f.Add(target)
	}
	f.Fuzz(func(t *testing.T, target string) {
		if strings.HasPrefix(target, "/") && len(target) < 4096 {
			wantTargetGated(t, admin, exempt, target)
		}
	})
}

// queryModels read one parameter of a query: PHP and most take the last value,
// others the first, old ones part at ; too, and none gives up at %zz.
var queryModels = map[string]func(query string) string{
	"takes the last":                  func(query string) string { return lastOf(parametersOf(query, "&")) },
	"takes the first":                 func(query string) string { return firstOf(parametersOf(query, "&")) },
	"parts at ;":                      func(query string) string { return lastOf(parametersOf(query, "&;")) },
	"parts at ;, and takes the first": func(query string) string { return firstOf(parametersOf(query, "&;")) },
}

func parametersOf(query, separators string) (values []string) {
	for _, pair := range strings.FieldsFunc(query, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
		name, value, _ := strings.Cut(pair, "=")
		name, _, _ = strings.Cut(unescape(strings.ReplaceAll(name, "+", " ")), "[")
		if strings.EqualFold(strings.Trim(name, " "), "page") {
			values = append(values, unescape(strings.ReplaceAll(value, "+", " ")))
		}
	}
	return values
}

func lastOf(values []string) string  { return append([]string{""}, values...)[len(values)] }
func firstOf(values []string) string { return append(values, "")[0] }

func FuzzQueries(f *testing.F) {
	gate := fuzzGate(f, caddyhttp.MatcherSet{&caddyhttp.MatchQuery{"page": {"admin"}}}, "")
	exempt := fuzzGate(f, caddyhttp.MatcherSet{&caddyhttp.MatchNot{MatcherSets: []caddyhttp.MatcherSet{{&caddyhttp.MatchQuery{"page": {"open"}}}}}}, `[{"query":{"page":["open"]}}]`)
	for _, query := range []string{"page=admin", "page=open", "page=open&page=admin", "page=admin&;", "x;page=admin", "page=admin&x=%zz", "p%61ge[]=adm%69n", "page=open&+Page=admin"} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		if strings.ContainsAny(query, "#") || len(query) > 4096 {
			return
		}
		r := parseTarget("/x?" + query)
		if r == nil {
			return
		}
		for name, model := range queryModels {
			switch read := model(query); {
			case read == "admin" && !whereGated(t, gate, r):
				t.Errorf("%q is page=%s to a server that %s, and not gated", query, read, name)
			case read != "open" && !whereGated(t, exempt, r):
				t.Errorf("%q is page=%s to a server that %s, and exempt", query, read, name)
			}
		}
	})
}
