package session

import (
	"net/http/httptest"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
)

func TestFindCookie(t *testing.T) {
	for name, c := range map[string]struct {
		lines []string
		want  string
		ok    bool
	}{
		"alone":            {[]string{"__Host-proconnect=v"}, "v", true},
		"among others":     {[]string{"a=1; __Host-proconnect=v; b=2"}, "v", true},
		"without spaces":   {[]string{"a=1;__Host-proconnect=v"}, "v", true},
		"on another line":  {[]string{"a=1", "__Host-proconnect=v"}, "v", true},
		"value with =":     {[]string{"__Host-proconnect=v=w"}, "v=w", true},
		"not there":        {[]string{"proconnect=v; __Host-proconnect_login=x"}, "", false},
		"twice":            {[]string{"__Host-proconnect=v; __Host-proconnect=w"}, "", false},
		"on two lines":     {[]string{"__Host-proconnect=v", "__Host-proconnect=w"}, "", false},
		"in a value":       {[]string{`a="; __Host-proconnect=v`}, "v", true},
		"other case":       {[]string{"__host-proconnect=v"}, "", false},
		"none":             {nil, "", false},
		"only separators":  {[]string{";;; ;"}, "", false},
		"a space before =": {[]string{"__Host-proconnect =v"}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := findCookie(c.lines, "__Host-proconnect")
			if got != c.want || ok != c.ok {
				t.Errorf("got %q, %v", got, ok)
			}
		})
	}
}

// The list of all names is what package upstream is held to, which hides them from the
// site: TestEveryCookieNameIsHidden.
func TestListOfCookieNames(t *testing.T) {
	var names strings.Builder
	for _, secure := range []bool{false, true} {
		for _, port := range []string{"", "8443", "65535"} {
			n := reflect.ValueOf(*newCookieNames("proconnect-agents", port, secure))
			for i := range n.NumField() {
				if n.Type().Field(i).Name != "port" {
					names.WriteString(n.Field(i).String() + "\n")
				}
			}
		}
	}
	if want, err := os.ReadFile("testdata/cookie_names.txt"); err != nil || names.String() != string(want) {
		t.Errorf("got\n%swant\n%s(%v)", names.String(), want, err)
	}
}

// Browsers send a host's cookies to all its ports: a port has names of its own, and none
// that a client could write into its Host header becomes a part of one, or stays in
// memory.
func TestCookieNamesOfPorts(t *testing.T) {
	k := New(Config{Name: "proconnect", Keys: seal.NewKeyring(make([]byte, 32))})
	for host, want := range map[string]string{
		"docs.example": "__Host-proconnect", "docs.example:443": "__Host-proconnect", "docs.example.": "__Host-proconnect",
		"docs.example:8443": "__Host-proconnect_8443", "docs.example:80": "__Host-proconnect_80", "[::1]:9": "__Host-proconnect_9", "[::1]": "__Host-proconnect",
		"docs.example:0443": "__Host-proconnect", "docs.example:65536": "__Host-proconnect", "docs.example:0": "__Host-proconnect",
		"docs.example:8;x=1": "__Host-proconnect", "docs.example:+8": "__Host-proconnect", "docs.example:8_9": "__Host-proconnect",
	} {
		for range 2 {
			if got := k.names(origin.Of(host, true)).session; got != want {
				t.Errorf("at %s a session is in %s, want %s", host, got, want)
			}
		}
	}
	for port := range 3 * maxPorts {
		host := "docs.example:" + strconv.Itoa(10_000+port)
		if got, want := k.names(origin.Of(host, true)).session, "__Host-proconnect_"+strconv.Itoa(10_000+port); got != want {
			t.Errorf("at %s a session is in %s, want %s", host, got, want)
		}
	}
	if kept := len(*k.cookies[1].other.Load()); kept != maxPorts {
		t.Errorf("the names of %d ports are kept, want %d at most", kept, maxPorts)
	}
}

// What was sealed at the scheme's own port before ports counted opens on; that of another
// port is bound to it.
func TestBindingOfPorts(t *testing.T) {
	for host, want := range map[string]string{
		"Docs.example": "docs.example", "docs.example:443": "docs.example", "docs.example.": "docs.example",
		"docs.example:8443": "docs.example:8443", "docs.example:80": "docs.example:80",
	} {
		if got := binding(origin.Of(host, true)); got != want {
			t.Errorf("at %s cookies are bound to %q, want %q", host, got, want)
		}
	}
}

// A logout leaves nothing in the browser but the mark that somebody logged out.
func TestClearLeavesOneMark(t *testing.T) {
	k, w := testKeeper(), httptest.NewRecorder()
	k.Clear(w, origin.Of("docs.example", true), "/.proconnect/logout")
	left := make(map[string]bool)
	for _, c := range w.Result().Cookies() {
		left[c.Name] = c.MaxAge >= 0
	}
	n := k.names(origin.Of("docs.example", true))
	for _, name := range []string{n.session, n.seen, n.browser, n.busy, n.putOff, n.idToken, n.rounds} {
		if stays, set := left[name]; stays || !set {
			t.Errorf("%s stays", name)
		}
	}
	if !left[n.silent] {
		t.Errorf("the mark is missing among %v", left)
	}
}
