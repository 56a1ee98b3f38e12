package planfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"

	"noisebench/protocol"
)

// Marshal returns the text of a plan, with its defaults filled in, which [Parse] reads as the same
// plan. Texts that could be read as other kinds of value are quoted.
func Marshal(plan *protocol.Plan) ([]byte, error) {
	b, err := marshal(plan)
	if err != nil {
		return nil, fmt.Errorf("cannot write plan %s: %w", plan.Name, err)
	}
	again, err := Parse(plan.Name, b)
	if err != nil {
		return nil, fmt.Errorf("cannot write plan %s so that it is read: %w", plan.Name, err)
	}
	if twice, err := marshal(&again); err != nil || !bytes.Equal(b, twice) {
		return nil, fmt.Errorf("cannot write plan %s: it would be read as another one", plan.Name)
	}
	return b, nil
}

func marshal(plan *protocol.Plan) ([]byte, error) {
	return yaml.MarshalWithOptions(plan, yaml.CustomMarshaler[string](func(s string) ([]byte, error) {
		switch {
		case plainly(s):
			return []byte(s), nil
		case !utf8.ValidString(s):
			return nil, fmt.Errorf("%q is not UTF-8", s)
		}
		return json.Marshal(s)
	}))
}

// plainly reports whether a text needs no quotes: it consists of letters, digits and a few signs,
// and begins with a letter.
func plainly(s string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return kindOf(s) == text && s != "" && strings.Contains(letters, s[:1]) &&
		!strings.HasSuffix(s, " ") &&
		strings.Trim(s, letters+"0123456789 -_./()+") == ""
}
