package site_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// ordinaryAddresses are what real sites use: an Angular application, GitLab, WordPress.
var ordinaryAddresses = []string{
	"/users;role=agent;page=2/12(popup:compose)", "/heroes;id=11;foo=foo", "/assets/i18n/fr.json?v=1.2.3", "/main-ES5.7f3a.js", "/#",
	"/group%2Fproject/-/blob/main/README.md", "/api/v4/projects/group%2Fsub%2Fproject/repository/files/src%2Fmain%2Ego/raw?ref=main", "/group/project/-/compare/v1.0...v2.0",
	"/group/project/-/tree/feature%2Fx/docs", "/group//project", "/-/snippets/1?a[]=1&a[]=2", "/group/project/-/issues?label_name[]=bug&label_name[]=ui",
	"/group/project/-/wikis/page:home", "/group/project.git/info/refs?service=git-upload-pack", "/.well-known/openid-configuration", "/uploads/-/user/avatar.png",
	"/2026/05/caf%C3%A9-cr%C3%A8me/", "/%D0%BF%D1%80%D0%B8%D0%B2%D0%B5%D1%82/", "/%E6%97%A5%E6%9C%AC%E8%AA%9E/", "/wp-json/wp/v2/posts?per_page=1&_fields[]=id&_fields[]=title",
	"/wp-content/plugins/a/b.min.js?ver=6.4", "/?p=1;x=2", "/index.php/2026/05/post/", "/wp-cron.php?doing_wp_cron", "/feed//", "/tag/c%2B%2B/", "/search/100%25/",
	"/DOMAIN%5Cuser", "/caf%E9.pdf", "/wiki/Paris_(France)", "/~user/", "/a@b/c", "/x:y", "/rapport%20final.pdf", "/Mr.%20Smith", "/jquery-3.6.0/jquery.js",
}

// Sites of every kind work where they are open: before a gate on a path, and out
// of an exemption that they lie in.
func TestOrdinarySitesWork(t *testing.T) {
	up := caddytest.Echo(t)
	s := caddytest.Start(t, caddytest.Sandbox, strings.ReplaceAll(readingSites, "UPSTREAM", up.Addr()))
	for _, address := range ordinaryAddresses {
		address = strings.TrimSuffix(address, "#") // which no browser sends
		if a := s.Ask("admin.localhost", address); a.StatusCode != http.StatusOK || a.Received(t).URI != address {
			t.Errorf("%s: %d %.80s", address, a.StatusCode, a.Text)
		}
		if strings.Contains(address, ".php/") { // PATH_INFO leads out of it
			continue
		}
		if a := s.Ask("exempt.localhost", "/public"+address); a.StatusCode != http.StatusOK || a.Received(t).URI != "/public"+address {
			t.Errorf("/public%s: %d %.80s", address, a.StatusCode, a.Text)
		}
	}
}

// Under FastCGI a site reads the address that the browser sent, whatever
// handle_path and rewrite made of it: it is read, too. An exemption in handle_path
// says what it exempts without the prefix, and works.
//
// The case: "`REQUEST_URI` behind `handle_path` under FastCGI".
func TestGateReadsTheOriginalAddress(t *testing.T) {
	s := caddytest.Start(t, caddytest.Sandbox, `
http://whole.localhost:{$PORT} {
	handle_path /app/* {
		@a path /app/admin /app/admin/*
		proconnect @a {
			allow any
			path /app/.proconnect
		}
		respond reached
	}
}
http://exempt.localhost:{$PORT} {
	handle_path /app/* {
		@a not path /public/*
		proconnect @a {
			allow any
			path /app/.proconnect
		}
		respond reached
	}
}
http://rewritten.localhost:{$PORT} {
	@a not path /public/*
	route {
		rewrite /old/* /public/x
		rewrite /swap/* /y?page=open
		proconnect @a {
			allow any
		}
		respond reached
	}
}
http://query.localhost:{$PORT} {
	@a query page=admin
	route {
		rewrite * {path}
		proconnect @a {
			allow any
		}
		respond reached
	}
}`)
	for name, want := range map[string]verdict{
		"whole /app/admin/x": isGated, "whole /app//admin/x": isGated, "whole /app/admin%2fx": isGated, "whole /app/x": isOpen, "whole /app/admin": isGated,
		"whole //h/app/admin/x": isOpen, // which handle_path does not take for its own
		"exempt /app/public/x":  isOpen, "exempt /app/x": isGated, "exempt /app/public%2fx": isGated, "exempt /app//h/public/x": isGated,
		"rewritten /old/x": isGated, "rewritten /public/x": isOpen, "rewritten /swap/x": isGated,
		"query /x?page=admin": isGated, "query /x": isOpen,
	} {
		site, target, _ := strings.Cut(name, " ")
		a := s.Ask(site+".localhost", target)
		if strings.HasPrefix(target, "//h/app") { // no handler: an empty answer of Caddy's
			if strings.Contains(a.Text, "reached") {
				t.Errorf("%s: reached", name)
			}
			continue
		}
		t.Run(name, func(t *testing.T) { wantVerdict(t, a, want) })
	}
}
