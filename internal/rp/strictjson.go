package rp

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxDepth bounds how deep objects and lists may lie in each other.
const maxDepth = 32

var errJSON = errors.New("json: not one object of distinct keys")

// parseObject reads one JSON object and refuses what parsers disagree about: a
// key given twice, at the top also in other case (encoding/json takes "Aud" for
// "aud"), bytes after the end, text that is not UTF-8. Two readers of one token
// must not see two people in it. Numbers are json.Number.
func parseObject(data []byte) (map[string]any, error) {
	w, err := newWalker(data)
	if err != nil {
		return nil, err
	}
	v, err := w.value(0)
	if err != nil {
		return nil, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, errJSON
	}
	folded := make(map[string]bool, len(m))
	for name := range m {
		f := fold(name)
		if folded[f] {
			return nil, errJSON
		}
		folded[f] = true
	}
	return m, nil
}

// walker reads a document token by token, which is the one way to see with
// encoding/json that a key is duplicate.
type walker struct{ *json.Decoder }

func newWalker(data []byte) (walker, error) {
	if !utf8.Valid(data) || !json.Valid(data) {
		return walker{}, errJSON
	}
	w := walker{json.NewDecoder(bytes.NewReader(data))}
	w.UseNumber()
	return w, nil
}

func (w walker) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, errJSON
	}
	t, err := w.Token()
	if err != nil {
		return nil, errJSON
	}
	switch t {
	case json.Delim('{'):
		return w.object(depth)
	case json.Delim('['):
		return w.list(depth)
	}
	return t, nil
}

func (w walker) object(depth int) (any, error) {
	m := make(map[string]any)
	for w.More() {
		name, err := w.name()
		if err != nil {
			return nil, err
		}
		if _, twice := m[name]; twice {
			return nil, errJSON
		}
		if m[name], err = w.value(depth + 1); err != nil {
			return nil, err
		}
	}
	return m, w.end()
}

func (w walker) list(depth int) (any, error) {
	l := []any{}
	for w.More() {
		v, err := w.value(depth + 1)
		if err != nil {
			return nil, err
		}
		l = append(l, v)
	}
	return l, w.end()
}

func (w walker) name() (string, error) {
	t, err := w.Token()
	if err != nil {
		return "", errJSON
	}
	name, ok := t.(string)
	if !ok {
		return "", errJSON
	}
	return name, nil
}

func (w walker) end() error {
	if _, err := w.Token(); err != nil {
		return errJSON
	}
	return nil
}

// rawMember returns one member of an object as it is written, so that a fault
// in one of its elements need not spoil the others. It must be there once.
func rawMember(data []byte, wanted string) (json.RawMessage, error) {
	w, err := newWalker(data)
	if err != nil {
		return nil, err
	}
	if t, err := w.Token(); err != nil || t != json.Delim('{') {
		return nil, errJSON
	}
	var found json.RawMessage
	for w.More() {
		name, err := w.name()
		if err != nil {
			return nil, err
		}
		var raw json.RawMessage
		if err := w.Decode(&raw); err != nil {
			return nil, errJSON
		}
		if fold(name) != fold(wanted) {
			continue
		}
		if name != wanted || found != nil {
			return nil, errJSON
		}
		found = raw
	}
	return found, nil
}

// fold maps names to one of those that encoding/json takes for the same.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		for {
			next := unicode.SimpleFold(r)
			if next <= r {
				return next
			}
			r = next
		}
	}, name)
}
