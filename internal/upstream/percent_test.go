package upstream

import (
	"net/url"
	"strings"
	"testing"
)

func TestEncodePercent(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "",
		"zoe@example.gouv.fr":         "zoe@example.gouv.fr",
		"Zoë Müller-Œuvrard 東 %41":    "Zo%C3%AB%20M%C3%BCller-%C5%92uvrard%20%E6%9D%B1%20%2541",
		"a+b,c;d=\"e\"/f?g&h#i":       "a+b,c;d=\"e\"/f?g&h#i",
		"x\r\nX-Admin: 1\x00\x7f\x85": "x%0D%0AX-Admin:%201%00%7F%85",
	} {
		if got := EncodePercent(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// Decoding once gives the text, whatever it is, and no byte is left that ends a header,
// separates values or is read in two ways.
func FuzzEncodePercent(f *testing.F) {
	for _, text := range []string{"Zoë", "%41", "%", "a b", "\x00\r\n", "\xff"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		encoded := EncodePercent(text)
		if decoded, err := url.PathUnescape(encoded); err != nil || decoded != text {
			t.Errorf("%q became %q, and that %q (%v)", text, encoded, decoded, err)
		}
		if i := strings.IndexFunc(encoded, func(r rune) bool { return r <= ' ' || r > '~' }); i >= 0 {
			t.Errorf("%q: byte %d of %q is no visible ASCII character", text, i, encoded)
		}
	})
}
