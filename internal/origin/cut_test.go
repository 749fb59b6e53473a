package origin

import "testing"

// The page that a script or a form came from is this site's only if its address begins
// with the whole origin: another host's may begin with the same letters.
func TestCut(t *testing.T) {
	const own = "https://docs.example.gouv.fr"
	for address, want := range map[string]string{
		own + "/page?x=1":      "/page?x=1",
		own + "/":              "/",
		own:                    "",
		own + ".evil/page":     "",
		own + ":8443/page":     "",
		own + "@evil/page":     "",
		"http" + own[5:] + "/": "",
		"/page":                "",
	} {
		if rest, ok := Cut(address, own); ok != (want != "") || ok && rest != want {
			t.Errorf("%s: %q, %t", address, rest, ok)
		}
	}
}
