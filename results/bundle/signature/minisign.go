package signature

import (
	"errors"
	"fmt"
	"io"

	"aead.dev/minisign"
)

// minisigned verifies a signature of minisign for what bundle reads. The signature names its key
// by a number alone: if that is not listed, nothing can be verified.
func (s Signers) minisigned(name string, text []byte, bundle io.Reader) (*Signer, error) {
	var sig minisign.Signature
	if err := sig.UnmarshalText(text); err != nil {
		return nil, fmt.Errorf("%s is not a signature by minisign -S: %w", name, err)
	}
	if sig.Algorithm != minisign.HashEdDSA {
		return nil, fmt.Errorf("%s is a signature of the old kind, without a hash; sign anew by: "+
			"minisign -S -H -m FILE", name)
	}
	signer := &Signer{Key: fmt.Sprintf("minisign %016X", sig.KeyID), Unverified: true}
	var reader *minisign.Reader
	for _, one := range s {
		if one.minisign == nil || one.minisign.ID() != sig.KeyID {
			continue
		}
		if reader == nil { // several keys may have one number
			reader = minisign.NewReader(bundle)
			if _, err := io.Copy(io.Discard, reader); err != nil {
				return nil, err
			}
		}
		if reader.Verify(*one.minisign, text) {
			return &Signer{Name: one.name, Key: signer.Key}, nil
		}
	}
	if reader != nil {
		return nil, fmt.Errorf("%s is not valid for this bundle and the keys that are listed as %s", name,
			signer.Key)
	}
	return signer, nil
}

// parseMinisign reads a public key of minisign, as the second line of its file has it.
func parseMinisign(text string) (*minisign.PublicKey, error) {
	var key minisign.PublicKey
	if err := key.UnmarshalText([]byte(text)); err != nil {
		return nil, errors.New("this is not a public key of minisign")
	}
	return &key, nil
}
