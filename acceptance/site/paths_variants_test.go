package site_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// gatedSites are gates of every shape. What they stand before is no matter: it is
// whether they stand.
const gatedSites = `
http://admin.localhost:{$PORT} {
	@a path /admin /admin/*
	proconnect @a {
		allow any
	}
	respond reached
}
http://exempt.localhost:{$PORT} {
	@closed not path /public/* /favicon.ico /réunions/*
	proconnect @closed {
		allow any
	}
	respond reached
}
http://pdf.localhost:{$PORT} {
	@a path *.pdf
	proconnect @a {
		allow any
	}
	respond reached
}
http://css.localhost:{$PORT} {
	@closed not path *.css
	proconnect @closed {
		allow any
	}
	respond reached
}
http://mixed.localhost:{$PORT} {
	@a expression "{path}.startsWith('/admin') && !{path}.startsWith('/admin/open')"
	proconnect @a {
		allow any
	}
	respond reached
}
http://home.localhost:{$PORT} {
	@a path /
	proconnect @a {
		allow any
	}
	respond reached
}
http://php.localhost:{$PORT} {
	proconnect /secret.php {
		allow any
	}
	respond reached
}
http://unicode.localhost:{$PORT} {
	@a path /réunions/* /café/* /ﬁn-é/*
	proconnect @a {
		allow any
	}
	respond reached
}
http://regexp.localhost:{$PORT} {
	@a path_regexp ^/admin(/|$)
	proconnect @a {
		allow any
	}
	respond reached
}
http://cel.localhost:{$PORT} {
	@a expression {path} == '/admin' || {path}.startsWith('/admin/')
	proconnect @a {
		allow any
	}
	respond reached
}
http://celpath.localhost:{$PORT} {
	@a expression path('/admin', '/admin/*')
	proconnect @a {
		allow any
	}
	respond reached
}
http://celnot.localhost:{$PORT} {
	@a expression !({path}.startsWith('/public/'))
	proconnect @a {
		allow any
	}
	respond reached
}
http://celpublic.localhost:{$PORT} {
	@a expression !path('/public/*', '/Assets/*')
	proconnect @a {
		allow any
	}
	respond reached
}
http://cased.localhost:{$PORT} {
	@a not path /Assets/* /a%2Fb /{http.request.host}/* /[A-C]x?/s /CAFÉ/*
	proconnect @a {
		allow any
	}
	respond reached
}
http://celcase.localhost:{$PORT} {
	@a expression {path}.startsWith('/Admin/') || {path} == '/Admin'
	proconnect @a {
		allow any
	}
	respond reached
}
http://varscase.localhost:{$PORT} {
	@a vars {path} /Admin
	proconnect @a {
		allow any
	}
	respond reached
}
http://celnotcase.localhost:{$PORT} {
	@a expression !{path}.startsWith('/Public/')
	proconnect @a {
		allow any
	}
	respond reached
}
http://blank.localhost:{$PORT} {
	@a path "/rapport annuel" "/rapport annuel/*"
	proconnect @a {
		allow any
	}
	respond reached
}
http://twice.localhost:{$PORT} {
	@a {
		path /x/*
		not {
			not path /admin/*
			path /x/public/*
		}
	}
	proconnect @a {
		allow any
	}
	respond reached
}
http://vars.localhost:{$PORT} {
	@a vars_regexp {http.request.uri.path} ^/admin(/|$)
	proconnect @a {
		allow any
	}
	respond reached
}
http://uri.localhost:{$PORT} {
	@a vars_regexp {uri} ^/admin(/|$)
	proconnect @a {
		allow any
	}
	respond reached
}
http://pattern.localhost:{$PORT} {
	@a url_pattern /admin{/*}?
	proconnect @a {
		allow any
	}
	respond reached
}`

// adminSites say all the same: /admin and what is under it.
var adminSites = []string{"admin", "regexp", "cel", "celpath", "vars", "uri", "pattern"}

// Whatever a server behind the gate may take for /admin is gated, or refused where
// no browser sends it, whatever matcher says so.
//
// The case: "overlong UTF-8, a target that does not begin with `/`; decoded `?`, `#`, NUL;
// NFC/NFKC forms (`/ａdmin`, full-width slash); `/admin.json`".
//
// The case: "`//x/admin/s` (to a reader of references /admin/s at host x), `///…`,
// userinfo and port in it; `/index.php/admin/x` and other PATH_INFO; `/(S(x))/admin/`;
// `/report.pdf.`, `/report.pdf%20`; NUL".
//
// The case: "dot segments in any encoding, raw, `%2e`, `%252e`, also beside empty
// segments; backslashes; control characters; a target without a path".
func TestGateReadsPathsAsServersDo(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, gatedSites)
	for target, want := range map[string]verdict{
		"/admin": isGated, "/admin/": isGated, "/admin/s": isGated, "/ADMIN/s": isGated, "/%61dmin/s": isGated, "/admin.json": isGated, "/Admin.JSON": isGated,
		// An authority, to a reader of references.
		"//x/admin/s": isGated, "//u:p@x:80/admin/s": isGated, "///x/admin/s": isGated, "////x/admin/s": isGated, "/%2fx/admin/s": isGated,
		"/%5cx/admin/s": isGated, "//x%2fy/admin/s": isGated, "//x%2fy/%61dmin/s": isGated, "//x//y/admin/s": isGated, "//x/admin": isGated, "//admin/s": isGated, "/;a/admin/s": isGated,
		// Dot segments, alone and beside what makes servers differ.
		"/x/../admin//../s": isRefused, "/./admin//../s": isRefused, "/.": isRefused, "/..": isRefused, "/x/.": isRefused, "/x/..;a/s": isRefused,
		"/x/%2e%2e/s": isRefused, "/x/.%2E/s": isRefused, "/x/%252e%252e/s": isRefused, "/x/%25252e%25252e/s": isRefused, "/x/..%2fs": isRefused,
		"/x%2f..%2fs": isRefused, "/x/..%5cs": isRefused, "/x%5c..%5cs": isRefused, "/x/%2e%2e%3bs/s": isRefused, "/x/..%3fs": isRefused, "/x/..%23s": isRefused,
		"/x/..%20/s": isRefused, "/x/.../s": isRefused, "/x/%ef%bc%8e%ef%bc%8e/s": isRefused, "/x/%e2%80%a5/s": isRefused, "/x%ef%bc%8f..%ef%bc%8fs": isRefused,
		"/x//(S(a))../s": isGated, "/x/%25u002e%25u002e/s": isRefused, "/x/..::$DATA/s": isGated,
		// What is no path, or no text.
		`/admin\s`: isRefused, `/x\s`: isRefused, "/x#/admin": isRefused, "*": isRefused, "x:http://h/admin/": isRefused, "http://admin.localhost/admin/s": isRefused,
		"http://admin.localhost/x": isRefused,
		"/x%00":                    isRefused, "/x%0d%0ay": isRefused, "/x%2500": isRefused, "/x%7f": isRefused, "/x%09": isRefused,
		"/%c0%ae%c0%ae/s": isRefused, "/x%c0%afs": isRefused, "/x%c1%9cs": isRefused, "/x%e0%80%afs": isRefused, "/x%f0%80%80%afs": isRefused, "/x%c0%2es": isRefused,
		"/x%25c0%25afs": isRefused,
		// Slashes and backslashes in disguise, parameters, ends of names, decoded twice.
		"/admin%2fs": isGated, "/admin%5cs": isGated, "/admin%252fs": isGated, "/x/%5c..": isRefused, "/admin;a/s": isGated, "/admin;a": isGated, "/admin%3ba/s": isGated,
		"/admin./s": isGated, "/admin%20/s": isGated, "/admin.%20./s": isGated, "/admin%20": isGated, "/admin.": isGated, "/%2561dmin/s": isGated, "/%252561dmin/s": isGated,
		"/%25252525252561dmin/s": isGated, "/admin%3fx": isGated, "/admin%23x": isGated, "/admin%253fx": isGated, "/admin::$INDEX_ALLOCATION/s": isGated,
		"/admin:$i30:$INDEX_ALLOCATION/s": isGated,
		// Unicode.
		"/%ef%bd%81dmin/s": isGated, "/admin%ef%bc%8fs": isGated, "/adm%e2%80%8bin/s": isGated, "/adm%c4%b1n/s": isGated, "/adm%ef%bd%89n%ef%bc%bcs": isGated,
		"/%EF%BC%A1DMIN": isGated,
		// PATH_INFO, cookieless sessions.
		"/index.php/admin/s": isGated, "/index.PHP/admin": isGated, "/a/app_dev.php/admin/s": isGated, "/index.php;a/admin/s": isGated, "/index.php./admin/s": isGated,
		"/a.php/b.php/admin/s": isGated, "/index.php//x/admin/s": isGated, "/x.cgi/admin": isGated, "/(S(x))/admin/s": isGated, "/(S(x)F(y))/admin/s": isGated,
		"/ad/(S(x))min/s": isGated, "/(0123456789abcdefghijklmn)/admin/s": isGated, "/admin/(S(x))/s": isGated,
		// All at once, and more than anybody reads.
		"/%2fx;y%2f/Admin.%20;z%252fs": isGated, "/x;a/" + strings.Repeat("a", 3000): isGated,
		// Neighbours.
		"/": isOpen, "/administration/s": isOpen, "/x/admin/s": isOpen, "/x;a/b%5cc/%2561dmin/100%25": isOpen, "/caf%E9.pdf": isOpen, "/DOMAIN%5Cuser": isOpen,
		"/.well-known/x": isOpen, "/a%2fb": isOpen, "/a...b/c..d": isOpen, "/x//y": isOpen, "//x": isOpen, "/x.php/y": isOpen, "/wiki/Paris_(France)": isOpen,
		"/%C0%20la%20carte": isOpen, "/%d0%9f%d1%80%d0%b8": isOpen, "/x.json": isOpen, "/" + strings.Repeat("a", 5000): isOpen,
	} {
		for _, site := range adminSites {
			t.Run(site+" "+target[:min(len(target), 40)], func(t *testing.T) {
				s.T = t
				wantVerdict(t, s.Ask(site+".localhost", target), want)
			})
		}
	}
}

// An exemption holds for no address that a server may take for another, and the
// end of an address is the end to all of them.
//
// The case: "all of these out of an exemption (`not path /public/*`, `*.css`)".
func TestGateReadsExemptionsAsServersDo(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, gatedSites)
	for name, want := range map[string]verdict{
		"exempt /public/a": isOpen, "exempt /PUBLIC/a": isGated, "exempt /public/A%C3%89": isOpen, "exempt /publiC/a": isGated, "exempt /%F3%B0%81%90ublic/a": isGated, "exempt /public/%F3%B0%81%90": isOpen, "exempt /R%C3%89UNIONS/x": isGated, "exempt /Favicon.ico": isGated, "exempt /public/": isOpen, "exempt /public/a;b": isOpen, "exempt /public/a.%20/b%5cc": isOpen,
		"exempt /public/a//b": isOpen, "exempt /public/a:b:80/s": isOpen, "exempt /public/a:123456/s": isOpen, "exempt /public/a%2fb": isOpen, "exempt /public/100%25": isOpen, "exempt /public/caf%E9.pdf": isOpen, "exempt /favicon.ico": isOpen,
		"exempt /public/a.php/b.css": isGated, "exempt /r%C3%A9unions/x": isOpen, "exempt /re%CC%81unions/x": isGated, "exempt /public/DOMAIN%5Cuser": isOpen,
		"exempt /public": isGated, "exempt /publicity": isGated, "exempt //public/x": isGated, "exempt //h/public/x": isGated, "exempt /public%2fx": isGated,
		"exempt /%70ublic/x": isGated, "exempt /public/x.php/admin": isGated, "exempt /public;a/x": isGated, "exempt /favicon.ico/x": isGated, "exempt /public%3fx/y": isGated,
		"exempt /public/..;/x": isRefused, "exempt /public/..%5cx": isRefused, "exempt /public/%252e%252e/x": isRefused, "exempt /public//(S(a))../x": isGated,
		"celnot /public/a": isOpen, "celnot /PUBLIC/a": isGated, "celnot //h/public/x": isGated, "celnot /public%2fx": isGated, "celnot /x": isGated,
		"celpublic /public/a": isOpen, "celpublic /public/A": isOpen, "celpublic /PUBLIC/a": isGated, "celpublic /Assets/X%C3%89.png": isOpen, "celpublic /assets/x": isGated, "celpublic /x": isGated,
		"cased /Assets/x": isOpen, "cased /Assets/%C3%A9": isOpen, "cased /assets/x": isGated, "cased /ASSETS/x": isGated, "cased /a%2fb": isGated, "cased /Cased.localhost/x": isGated,
		"cased /cased.localhost/x": isOpen, "cased /Bxy/s": isOpen, "cased /BxY/s": isOpen, "cased /bxy/s": isGated, "cased /Dxy/s": isGated, "cased /CAF%C3%89/x": isOpen, "cased /caf%C3%A9/x": isGated,
		"celcase /Admin/x": isGated, "celcase /admin/x": isGated, "celcase /ADMIN": isGated, "celcase /admin.json": isGated, "celcase /x": isOpen,
		"varscase /Admin": isGated, "varscase /admin": isGated, "varscase /ADMIN/": isGated, "varscase /x": isOpen,
		"celnotcase /Public/x": isOpen, "celnotcase /Public/X": isOpen, "celnotcase /public/x": isGated, "celnotcase /PUBLIC/x": isGated, "celnotcase /x": isGated,
		"blank /rapport%20annuel/x": isGated, "blank /rapport+annuel/x": isGated, "blank /rapport+annuel.json": isGated, "blank /c++": isOpen,
		"twice /x/public/s": isOpen, "twice /X/s": isGated, "twice /x/PUBLIC/s": isGated, "twice /X/public/s": isGated,
		"css /site.css": isOpen, "css /a/b/site.css": isOpen, "css /jquery-3.6.0/x.css": isOpen, "css /secret.php/x.css": isGated, "css /secret;x.css": isGated,
		"css /secret%3fx.css": isGated, "css /secret%23x.css": isGated, "css /secret%00x.css": isRefused, "css /x": isGated, "css /site.CSS": isGated, "css /secret::$x.css": isGated,
		"php /secret.php": isGated, "php /secret.php/x.css": isGated, "php /secret.php/": isGated, "php /SECRET.PHP/x/y": isGated, "php /secret.php;x": isGated,
		"php /secret.php.": isGated, "php /secret.php%20/x": isGated, "php /secret.php5": isGated, "php /secret.ph": isOpen, "php /index.php/secret.php/x": isGated, "php /secret.php/b.php/c": isGated,
		"pdf /report.pdf": isGated, "pdf /report.PDF": isGated, "pdf /report.pdf.": isGated, "pdf /report.pdf%20": isGated, "pdf /report.pdf/": isGated,
		"pdf /report.pdf;x": isGated, "pdf /report.pdf;%2fx": isGated, "pdf /report.p%64f;%2fx": isGated, "pdf /report.pdf%3fx": isGated, "pdf /report.pdf::$DATA": isGated, "pdf /report.pdf%252e": isGated, "pdf /report.pdfx": isOpen,
		"pdf /pdf": isOpen, "pdf /report.html": isOpen,
		"unicode /r%C3%A9unions/x": isGated, "unicode /re%CC%81unions/x": isGated, "unicode /R%C3%89UNIONS/x": isGated, "unicode /caf%E9/x": isGated, "unicode /cafe/x": isOpen, "unicode /%EF%AC%81n-e%CC%81/x": isGated,
	} {
		site, target, _ := strings.Cut(name, " ")
		t.Run(name, func(t *testing.T) {
			s.T = t
			wantVerdict(t, s.Ask(site+".localhost", target), want)
		})
	}
}

// A gate without a matcher changes nothing of a request: it asks for a login
// whatever is asked for, and its site may use any address.
func TestGateWithoutMatcherRefusesNoTarget(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, "http://localhost:{$PORT} {\n proconnect {\n  allow any\n }\n respond reached\n}")
	for _, target := range []string{"/x/../y", `/x\y`, "/x%00", "//x/y", "http://localhost/x"} {
		if a := s.Ask("localhost", target); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %d", target, a.StatusCode)
		}
	}
}

// What no browser sends is refused before anything of ours answers, too.
func TestGateRefusesBeforeItsEndpointsAnswer(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, gatedSites)
	for target, want := range map[string]int{
		"/.proconnect/session": http.StatusUnauthorized, "/x/../.proconnect/session": http.StatusBadRequest, "/.proconnect/x/../session": http.StatusBadRequest,
		"/.proconnect/%73ession%00": http.StatusBadRequest, "http://admin.localhost/.proconnect/session": http.StatusBadRequest,
	} {
		if a := s.Ask("admin.localhost", target); a.StatusCode != want {
			t.Errorf("%s: %d, want %d", target, a.StatusCode, want)
		}
	}
	for line, want := range map[string]int{
		"CONNECT admin.localhost:80": http.StatusBadRequest, "CONNECT /admin/s": http.StatusUnauthorized, "POST *": http.StatusBadRequest,
	} {
		a := s.Raw(caddytest.Loopback+":"+s.Port, line+" HTTP/1.1\r\nHost: admin.localhost:{$PORT}\r\nConnection: close\r\n\r\n")
		if a.StatusCode != want || a.Text == "reached" {
			t.Errorf("%s: %d %s", line, a.StatusCode, a.Text)
		}
	}
}

// What the trial against real servers found: each was served by the server named.
func TestGateReadsWhatRealServersServed(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, gatedSites)
	tests := []struct{ site, target, server string }{
		{"exempt", "//public/public/s", "express, koa, hono: an empty name is a name"},
		{"pdf", "/re;port.pdf;x=y", "Jetty 9.4: only the last parameter is one"},
		{"exempt", "/public/s:80", "PHP: parse_url knows no path"},
		{"exempt", "/public/s/:80/", "PHP: parse_url knows no path"},
		{"exempt", "/public/x:80/s", "PHP: parse_url knows no path"},
		{"exempt", "/public/x:80///s", "PHP: parse_url knows no path"},
		{"exempt", "/public/a%3ab:80/s", "PHP: parse_url knows no path"},
		{"home", "//x:y/s", "PHP: parse_url knows no path"},
		{"admin", "/index.phpadmin/s", "Symfony, Yii: what is behind SCRIPT_NAME"},
		{"regexp", "/x/app.PHP%61dmin", "Symfony, Yii: what is behind SCRIPT_NAME"},
		{"admin", "/index.php/ad/index.phpmin/s", "Joomla: SCRIPT_NAME goes wherever it is"},
		{"php", "/secret.phpx.php", "Caddy: the first .php ends a script's name"},
		{"exempt", "/public/x.phpy", "Symfony, Yii: what is behind SCRIPT_NAME"},
		{"admin", "/x&q=admin/s", "nginx, Apache: a path in a query is several parameters"},
		{"admin", "/admin%26x/s", "nginx, Apache: a path in a query ends at the first &"},
		{"admin", "/x&q=admin&y=z/s", "nginx, Apache: a path in a query is several parameters"},
		{"exempt", "/public/x&q=s", "nginx, Apache: a path in a query is several parameters"},
		{"admin", "//u@%61dmin/s", "Node: to url.parse an escape ends a host"},
		{"admin", "/%20admin/s", "Spring: names are trimmed on both sides"},
		{"pdf", "/a%23report.pdf%3fx", "whoever decodes and then splits at ? alone"},
		{"admin", "/admin.x/s", "connect: a dot may follow what is mounted"},
		{"regexp", "/admin.x/s", "connect: a dot may follow what is mounted"},
		{"admin", "/ad.xmin/s.x", "Joomla: an extension goes wherever it is"},
		{"home", "/.x", "Joomla: an extension goes wherever it is"},
		{"home", "/index.html", "every server of files"},
		{"pdf", "/report.pdf/x", "WEBrick: what follows a file is its PATH_INFO"},
		{"admin", "/ad%C3%A9min/s", "PHP: FILTER_SANITIZE_URL drops what is not ASCII"},
		{"regexp", "/ad%20m+in/s", "PHP: FILTER_SANITIZE_URL drops blanks"},
		{"php", "/sec%FFret.php", "Ruby: scrub drops what is not UTF-8"},
		{"pdf", "/report.p%E9df", "Ruby: scrub drops what is not UTF-8"},
		{"admin", "/%C3%A1dmin/s", "WordPress: accents mean nothing"},
		{"admin", "/.admin/s", "WordPress: a dot is a hyphen, and trimmed"},
		{"admin", "/ad!min~/s", "WordPress: a name has letters and digits"},
		{"admin", "/ad%26x%3bmin/s", "WordPress: entities are dropped"},
		{"regexp", "/ad%3Cb%3Emin/s", "PHP: strip_tags"},
		{"php", "/secret%3Cb%3E.php", "PHP: strip_tags"},
		{"php", "/s%C3%A9cret.php", "collations of databases: accents mean nothing"},
		{"mixed", "/%20admin/s", "Spring: names are trimmed on both sides"},
	}
	for _, tt := range tests {
		t.Run(tt.site+" "+tt.target, func(t *testing.T) {
			if a := s.Browser("http://" + tt.site + ".localhost:{$PORT}").Visit(tt.target); a.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s: got %d, want 401", tt.server, a.StatusCode)
			}
		})
	}
}
