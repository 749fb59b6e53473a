package siret

import (
	"strings"
	"testing"
)

func TestValid(t *testing.T) {
	for s, want := range map[string]bool{
		"13002526500013":  true, // DINUM
		"10000001700010":  true,
		"21920023500014":  true, // Clamart
		"11002001300097":  true,
		"35600000009075":  true, // La Poste: by its own rule only
		"35600000000048":  true, // La Poste's seat: by the common rule
		"35600000009076":  false,
		"12345678910007":  false,
		"34329377500037":  false, // the documentation's own example
		"13002526500031":  false, // two digits swapped
		"130025265":       true,
		"356000000":       true,
		"130025266":       false,
		"1300252650001":   false,
		"130025265000130": false,
		"1300252650001O":  false,
		"١٣٠٠٢٥٢٦٥":       false,
		"-30025265":       false,
		"":                false,
	} {
		if got := Valid(s); got != want {
			t.Errorf("Valid(%q) = %t, want %t", s, got, want)
		}
		if err := Check(s); (err == nil) != want {
			t.Errorf("Check(%q) = %v, want valid: %t", s, err, want)
		}
	}
}

// A letter, or a digit of another script, is no digit, whatever the checksum would make of it.
func TestDigits(t *testing.T) {
	for _, s := range []string{"1300252650001O", "13002526500O13", "1300252650001:", "130025265/0013", "13002526500 13"} {
		if IsSIRET(s) {
			t.Errorf("IsSIRET(%q)", s)
		}
	}
	if IsSIREN("13002526a") || LostZero("1300252650 13") || LostZero("1300252A") {
		t.Error("what is no number is taken for one")
	}
}

func TestCheckSaysWhatIsWrong(t *testing.T) {
	for s, want := range map[string]string{
		"1002526500013":  "13 digits, want 14: a leading zero lost in a spreadsheet?",
		"7":              "1 digit, want 14 (SIRET) or 9 (SIREN)",
		"5720789":        "7 digits, want 14 (SIRET) or 9 (SIREN)",
		"05720784":       "8 digits, want 9: a leading zero lost in a spreadsheet?",
		"13002526500014": "the checksum fails: a digit is mistyped",
		"1,3E+13":        "not a number: digits and spaces only",
		"":               "empty",
	} {
		if err := Check(s); err == nil || err.Error() != want {
			t.Errorf("Check(%q) = %v, want %s", s, err, want)
		}
	}
}

func TestStrip(t *testing.T) {
	for s, want := range map[string]string{
		"130 025 265 00013":                      "13002526500013",
		"130\u00a0025\u202f265\u200900013\u2007": "13002526500013",
		"\ufeff130025265\t\r\n":                  "130025265",
		"130\u200b025265":                        "130025265",
		"130-025-265":                            "130-025-265",
	} {
		if got := Strip(s); got != want {
			t.Errorf("Strip(%q) = %q, want %q", s, got, want)
		}
	}
}

// A changed digit is always found, but for La Poste's establishments, whose sum
// of digits finds four changes in five.
func FuzzValid(f *testing.F) {
	for _, s := range []string{"13002526500013", "35600000009075", "130025265", "", "x", "1300252650001é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !Valid(s) {
			return
		}
		if !IsSIRET(s) && !IsSIREN(s) || Strip(s) != s {
			t.Fatalf("%q is valid and no number", s)
		}
		if strings.HasPrefix(s, laPoste) {
			return
		}
		for i := range len(s) {
			changed := []byte(s)
			changed[i] = '0' + (changed[i]-'0'+1)%10
			if luhn(string(changed)) {
				t.Fatalf("%q and %s are both valid", s, changed)
			}
		}
	})
}
