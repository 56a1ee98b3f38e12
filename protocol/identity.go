package protocol

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// Identity is an outside plugin's declaration of the code behind one definition, by which runs of
// different code are distinguished. Without a digest the host uses the bytes of the executable.
type Identity struct {
	// Digest identifies all code that the definition runs, such as a hash of its source files,
	// including imported ones. It changes exactly when the definition may compute other bits. At
	// most 128 printable characters; empty means none.
	Digest string
	// Environment lists, by key, everything else that affects the bits: interpreter, libraries and
	// their versions, device. Keys and values are printable; keys contain no "=" and values no ";".
	// At most 64 entries of 128 characters.
	Environment map[string]string
}

// Check returns an error that names the first invalid field.
func (i *Identity) Check() error {
	if len(i.Digest) > 128 || !printable(i.Digest) {
		return fmt.Errorf("digest is %.140q, want at most 128 printable characters", i.Digest)
	}
	if len(i.Environment) > 64 {
		return fmt.Errorf("environment has %d entries, want at most 64", len(i.Environment))
	}
	for _, key := range slices.Sorted(maps.Keys(i.Environment)) {
		value := i.Environment[key]
		if key == "" || len(key)+len(value) > 128 || !printable(key) || !printable(value) ||
			strings.ContainsAny(key, "=;") ||
			strings.Contains(value, ";") {
			return fmt.Errorf("environment has the entry %.140q = %.140q, want printable texts "+
				"of at most 128 characters together, "+
				"no = in the key and no ; in either", key, value)
		}
	}
	return nil
}

// printable reports whether a text can be shown on one line, such as in a cell of a table.
func printable(text string) bool {
	return strings.TrimSpace(text) == text && !strings.ContainsFunc(text,
		func(r rune) bool { return !unicode.IsPrint(r) })
}

// BuiltIn is the name of the plugin that bench itself is.
const BuiltIn = "built-in"

// Origin identifies the code of a definition. The fields in its JSON are part of a run's identity:
// two runs are the same only if these are equal. Built-ins have only the plugin's name, since their
// fingerprints identify them.
type Origin struct {
	Plugin string `json:"plugin"` // the plugin's name: BuiltIn or the executable's base name
	// SHA256 is the hexadecimal SHA-256 of the executable if the definition has no digest. In
	// records of contract 1 built-ins have it, too.
	SHA256 string `json:"sha256,omitempty"`
	Digest string `json:"digest,omitempty"` // see Identity
	// Environment is that of Identity as "key=value; key=value", keys in order.
	Environment string `json:"environment,omitempty"`

	Path       string `json:"-"` // of the executable
	Executable string `json:"-"` // its SHA-256, hexadecimal
}

// WithIdentity returns the origin of a definition that declares i and is served by the executable
// of o.
func (o Origin) WithIdentity(i Identity) Origin {
	o.SHA256, o.Digest = o.Executable, ""
	if i.Digest != "" {
		o.SHA256, o.Digest = "", i.Digest
	}
	var entries []string
	for _, key := range slices.Sorted(maps.Keys(i.Environment)) {
		entries = append(entries, key+"="+i.Environment[key])
	}
	o.Environment = strings.Join(entries, "; ")
	return o
}

// String returns the name of the plugin and the beginning of the digest that distinguishes it from
// others of that name.
func (o Origin) String() string {
	switch {
	case o.Digest != "":
		return fmt.Sprintf("%s (digest %.12s)", o.Plugin, o.Digest)
	case o.SHA256 != "":
		return fmt.Sprintf("%s (sha256 %.12s)", o.Plugin, o.SHA256)
	}
	return o.Plugin
}
