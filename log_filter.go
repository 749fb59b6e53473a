package proconnect

import (
	"errors"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/logging"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/caddy-proconnect/caddy-proconnect/internal/redact"
	"github.com/caddy-proconnect/caddy-proconnect/internal/upstream"
)

func init() {
	caddy.RegisterModule(LogFilter{})
}

// LogFilter hides in a field of Caddy's logs what a login or a logout puts into
// addresses: codes, states and hints. A field may be a text, a list of texts, or an object
// such as `request>headers`; there, the values of identity headers are hidden, too.
//
// It belongs on `request>uri`, `request>headers` and `resp_headers` of the access logs and
// of the default log, where Caddy logs the requests that failed.
type LogFilter struct {
	// The prefixes of identity headers, where gates have their own (see `headers` of
	// the handler). Headers that begin with `X-ProConnect-` are always hidden.
	Headers []string `json:"headers,omitempty"`
}

// CaddyModule returns the Caddy module information.
func (LogFilter) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "caddy.logging.encoders.filter.proconnect",
		New: func() caddy.Module { return new(LogFilter) },
	}
}

// Provision checks the prefixes.
func (f *LogFilter) Provision(caddy.Context) error {
	for _, prefix := range f.Headers {
		if err := checkFilterPrefix(prefix); err != nil {
			return err
		}
	}
	return nil
}

// checkFilterPrefix refuses what no gate could have. An empty one would hide all headers.
func checkFilterPrefix(prefix string) error {
	if prefix == "" {
		return errors.New("headers: a prefix is empty: remove it")
	}
	return upstream.CheckHeaders(prefix)
}

// UnmarshalCaddyfile reads the filter:
//
//	<field> proconnect [<prefix...>]
func (f *LogFilter) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	for d.NextArg() {
		if err := checkFilterPrefix(d.Val()); err != nil {
			return d.WrapErr(err)
		}
		f.Headers = append(f.Headers, d.Val())
	}
	return noBlock(d, "proconnect")
}

// Filter hides what a field holds.
func (f *LogFilter) Filter(in zapcore.Field) zapcore.Field {
	switch in.Type {
	case zapcore.StringType:
		in.String = redact.Address(in.String)
	case zapcore.ArrayMarshalerType:
		in.Interface = f.array(in.Interface.(zapcore.ArrayMarshaler), redact.Address)
	case zapcore.ObjectMarshalerType, zapcore.InlineMarshalerType:
		in.Interface = f.object(in.Interface.(zapcore.ObjectMarshaler))
	case zapcore.ByteStringType:
		return zap.String(in.Key, redact.Address(string(in.Interface.([]byte))))
	case zapcore.StringerType, zapcore.ReflectType, zapcore.ErrorType, zapcore.BinaryType:
		return zap.String(in.Key, redact.Hidden) // what cannot be read is hidden whole
	}
	return in
}

// array is a list of texts, each of them changed. Anything else in it is hidden.
func (f *LogFilter) array(list zapcore.ArrayMarshaler, change func(string) string) zapcore.ArrayMarshaler {
	if texts, ok := list.(caddyhttp.LoggableStringArray); ok {
		changed := make(caddyhttp.LoggableStringArray, len(texts))
		for i, text := range texts {
			changed[i] = change(text)
		}
		return changed
	}
	read := zapcore.NewMapObjectEncoder()
	if err := read.AddArray("", list); err != nil {
		return caddyhttp.LoggableStringArray{redact.Hidden}
	}
	elements, _ := read.Fields[""].([]any)
	changed := make(caddyhttp.LoggableStringArray, len(elements))
	for i, element := range elements {
		changed[i] = redact.Hidden
		if text, ok := element.(string); ok {
			changed[i] = change(text)
		}
	}
	return changed
}

func (f *LogFilter) object(o zapcore.ObjectMarshaler) zapcore.ObjectMarshaler {
	return zapcore.ObjectMarshalerFunc(func(enc zapcore.ObjectEncoder) error {
		return o.MarshalLogObject(filteredObject{enc, f})
	})
}

// identity says whether a header may tell the site who somebody is.
func (f *LogFilter) identity(header string) bool {
	return upstream.LooksPrefixed(header, upstream.DefaultPrefix) ||
		slices.ContainsFunc(f.Headers, func(prefix string) bool { return upstream.LooksPrefixed(header, prefix) })
}

// filteredObject filters what is added to an object.
type filteredObject struct {
	zapcore.ObjectEncoder
	filter *LogFilter
}

// AddString adds a text.
func (o filteredObject) AddString(key, value string) {
	if o.filter.identity(key) {
		value = redact.Hidden
	}
	o.ObjectEncoder.AddString(key, redact.Address(value))
}

// AddArray adds a list.
func (o filteredObject) AddArray(key string, list zapcore.ArrayMarshaler) error {
	change := redact.Address
	if o.filter.identity(key) {
		change = func(string) string { return redact.Hidden }
	}
	return o.ObjectEncoder.AddArray(key, o.filter.array(list, change))
}

// AddObject adds an object within the object.
func (o filteredObject) AddObject(key string, value zapcore.ObjectMarshaler) error {
	return o.ObjectEncoder.AddObject(key, o.filter.object(value))
}

// Interface guards
var (
	_ caddy.Provisioner      = (*LogFilter)(nil)
	_ caddyfile.Unmarshaler  = (*LogFilter)(nil)
	_ logging.LogFieldFilter = (*LogFilter)(nil)
	_ zapcore.ObjectEncoder  = filteredObject{}
)
