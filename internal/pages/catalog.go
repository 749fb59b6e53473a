package pages

import (
	_ "embed"
	"encoding/json"
	"strings"
)

//go:embed text/fr.json
var frenchTexts []byte

//go:embed text/en.json
var englishTexts []byte

// catalog is the texts of one language by their keys.
type catalog struct {
	lang  string
	texts map[string]string
}

var catalogs = map[string]*catalog{
	"fr": mustCatalog("fr", frenchTexts),
	"en": mustCatalog("en", englishTexts),
}

// mustCatalog reads a catalog that is part of the program.
func mustCatalog(lang string, data []byte) *catalog {
	c := &catalog{lang: lang}
	if err := json.Unmarshal(data, &c.texts); err != nil {
		panic("texts " + lang + ": " + err.Error())
	}
	return c
}

// catalogOf returns the catalog of lang, the French one if there is none.
func catalogOf(lang string) *catalog {
	if c, ok := catalogs[lang]; ok {
		return c
	}
	return catalogs["fr"]
}

// text returns the text of key, in which {name} stands for the value that follows
// "name" among args. Values are not searched for names again.
func (c *catalog) text(key string, args ...string) string {
	s, ok := c.texts[key]
	if !ok {
		return key
	}
	if len(args) < 2 {
		return s
	}
	pairs := make([]string, 0, len(args))
	for i := 0; i+1 < len(args); i += 2 {
		pairs = append(pairs, "{"+args[i]+"}", args[i+1])
	}
	return strings.NewReplacer(pairs...).Replace(s)
}

// has says whether key has a text.
func (c *catalog) has(key string) bool {
	_, ok := c.texts[key]
	return ok
}
