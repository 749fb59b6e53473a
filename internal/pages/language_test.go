package pages

import (
	"strings"
	"testing"
)

func TestLanguage(t *testing.T) {
	tests := []struct{ header, want string }{
		{"", "fr"},
		{"fr", "fr"},
		{"en", "en"},
		{"EN-gb", "en"},
		{"fr-FR,fr;q=0.9,en-US;q=0.8,en;q=0.7", "fr"},
		{"en-US,en;q=0.9,fr;q=0.8", "en"},
		{"fr;q=0.5, en;q=0.4", "fr"},
		{"fr;q=0.4 , en ; q=0.5", "en"},
		{"en, fr", "en"},
		{"fr, en", "fr"},
		{"de", "fr"},
		{"de, en;q=0.1", "en"},
		{"de, fr;q=0.1", "fr"},
		{"*", "fr"},
		{"en;q=0.5, *", "en"},
		{"en, *;q=0.5", "en"},
		{"fr;q=0.1, *", "fr"},
		{"fr;q=0, en;q=0", "fr"},
		{"fr;q=0, en;q=0.001", "en"},
		{"en;q=0", "fr"},
		{"en;q=-1", "fr"},
		{"en;level=1", "fr"},
		{",,;;==,", "fr"},
		{strings.Repeat("de,", 200) + "en", "fr"}, // past the bound
		{strings.Repeat("a", 100_000) + ",en", "fr"},
	}
	for _, tt := range tests {
		if got := Language(tt.header); got != tt.want {
			t.Errorf("%.60q: got %s, want %s", tt.header, got, tt.want)
		}
	}
}

func FuzzLanguage(f *testing.F) {
	f.Add("en-US,en;q=0.9,fr;q=0.8")
	f.Add("*;q=0.5, en;q=1e-1000")
	f.Add(strings.Repeat(";q=,", 300))
	f.Fuzz(func(t *testing.T, header string) {
		got := Language(header)
		if got != "fr" && got != "en" {
			t.Errorf("%q: got %q", header, got)
		}
		if lower := strings.ToLower(header); got == "en" && !strings.Contains(lower, "en") && !strings.Contains(lower, "*") {
			t.Errorf("%q: English unrequested for", header)
		}
	})
}
