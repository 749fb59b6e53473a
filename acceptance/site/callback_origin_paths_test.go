package site_test

import (
	"net/http"
	"strings"
	"testing"
)

// A site may have several gates, each with addresses of its own. Answers go to the first,
// which finishes the logins of all: nobody is sent away where it is not reached.
func TestCallbackPathsOfASiteWithSeveralGates(t *testing.T) {
	const sites = `
https://login.example.gouv.fr {
	tls internal
	proconnect {
		allow any
	}
}
https://docs.example.gouv.fr, https://pr-1.preview.example.gouv.fr {
	tls internal
	handle /a/* {
		proconnect {
			allow any
			path PATH
		}
		respond "a {http.auth.user.email}"
	}
	handle /b/* {
		proconnect {
			allow any
			path /b/.proconnect
		}
		respond "b {http.auth.user.email}"
	}
}`
	t.Run("the first is reached", func(t *testing.T) {
		f := startFleet(t, strings.Replace(sites, "PATH", "/a/.proconnect", 1))
		b := f.Browser(f.at("docs.example.gouv.fr"))
		a := b.Follow(b.Visit("/b/.proconnect/login?return_to=/b/page"))
		if a.StatusCode != http.StatusOK || a.Text != "b camille@example.gouv.fr" {
			t.Errorf("got %d, page %q: %s", a.StatusCode, a.Page(), a.Text)
		}
	})
	t.Run("it is not", func(t *testing.T) {
		f := startFleet(t, strings.Replace(sites, "PATH", "/.proconnect", 1))
		b := f.Browser(f.at("docs.example.gouv.fr"))
		if a := b.Visit("/b/.proconnect/login?return_to=/b/page"); a.StatusCode != http.StatusInternalServerError || a.Page() != "problem callback_unreachable" {
			t.Errorf("got %d, page %q, to %q", a.StatusCode, a.Page(), a.Header.Get("Location"))
		}
	})
}
