package main

import "noisebench/results/bundle/signature"

// knownSigners reads the list of the flag --signers, if it is given.
func knownSigners(file string) (signature.Signers, error) {
	if file == "" {
		return nil, nil
	}
	return signature.ReadSigners(file)
}
