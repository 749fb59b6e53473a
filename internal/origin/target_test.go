package origin

import (
	"net/url"
	"strings"
	"testing"
)

func TestReturnTarget(t *testing.T) {
	long := strings.Repeat("x", MaxTarget)
	for in, want := range map[string]string{
		"/":                      "/",
		"/docs/a.html?b=c&d=%20": "/docs/a.html?b=c&d=%20",
		"/my%20file.pdf":         "/my%20file.pdf",
		"/été":                   "/%C3%A9t%C3%A9",
		"/a#fragment":            "/a#fragment",
		"/a?b#/c/d?e=f":          "/a?b#/c/d?e=f",
		"/a#":                    "/a",
		"/a#b#c":                 "/a#b%23c",
		"/#100% \\ <x> é %20":    "/#100%25%20%5C%20%3Cx%3E%20%C3%A9%20%20",
		"/a#\r\nSet-Cookie: a=b": "/a#%0D%0ASet-Cookie:%20a=b",
		"/a#//evil.fr":           "/a#//evil.fr",
		"//evil.fr#/a":           "/",
		"#//evil.fr":             "/",
		"/.proconnect/x#/a":      "/",
		"/docs?b#" + long:        "/docs?b",
		"/docs?" + long + "#b":   "/docs#b",

		"/a#" + strings.Repeat("é", 400): "/a", // three times as long when it is written
		"":                               "/",
		"docs":                           "/",
		"//evil.fr":                      "/",
		"///evil.fr":                     "/",
		`/\evil.fr`:                      "/",
		`\\evil.fr`:                      "/",
		"/%09/evil.fr":                   "/",
		"/\t/evil.fr":                    "/",
		"/%5cevil.fr":                    "/",
		`/./\evil.fr`:                    "/",
		"https:evil.fr":                  "/",
		"https://evil.fr/":               "/",
		"javascript:alert(1)":            "/",
		"/%0d%0aSet-Cookie:a=b":          "/",
		"/%2f/evil.fr":                   "/",
		"/%2f%2fevil.fr":                 "/",
		"/.proconnect":                   "/",
		"/.proconnect/logout":            "/",
		"/%2eproconnect/logout":          "/",
		"/.proconnectx":                  "/.proconnectx",
		// A browser resolves these, escaped ones too, before it asks.
		"/./.proconnect/logout":          "/",
		"/x/../.proconnect/logout":       "/",
		"/x/%2e%2E/.proconnect/logout":   "/",
		"/x/../.proconnect//../logout":   "/",
		"/x%2f..%2f.proconnect%2flogout": "/",
		"/..page/.well-known/...":        "/..page/.well-known/...",
		"/" + long:                       "/",
		"/docs?" + long:                  "/docs",
		"/?next=https://evil.fr/":        "/?next=https://evil.fr/",
		"/%zz":                           "/",
		"/a b":                           "/",
		"/\x00":                          "/",
	} {
		if got := ReturnTarget(in, "/.proconnect"); got != want {
			t.Errorf("%q leads to %q, want %q", in, got, want)
		}
	}
}

// Whatever comes in, a browser that resolves the result against the site stays
// on the site, and off our endpoints.
func FuzzReturnTarget(f *testing.F) {
	for _, s := range []string{"/a?b", "//evil", `/\evil`, "/%2f%2fevil", "/.proconnect/x", "/%09//evil"} {
		f.Add(s)
	}
	base, err := url.Parse("https://docs.example.gouv.fr/x/y")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := ReturnTarget(s, "/.proconnect")
		// Browsers drop tabs and line breaks and read a backslash as a slash.
		asBrowser := strings.ReplaceAll(strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(got), `\`, "/")
		u, err := base.Parse(asBrowser)
		if err != nil {
			t.Fatalf("%q leads to %q: %v", s, got, err)
		}
		if u.Host != base.Host || u.Scheme != "https" || !strings.HasPrefix(got, "/") || strings.HasPrefix(asBrowser, "//") {
			t.Fatalf("%q leads to %q, which is elsewhere", s, got)
		}
		if strings.HasPrefix(u.Path, "/.proconnect/") || len(got) > MaxTarget || strings.ContainsAny(got, "\r\n") {
			t.Fatalf("%q leads to %q", s, got)
		}
		if again := ReturnTarget(got, "/.proconnect"); again != got {
			t.Fatalf("%q leads to %q, then to %q", s, got, again)
		}
	})
}
