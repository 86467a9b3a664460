package oci

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// runProbe is the CNI plugin probe. In its configuration's directory dir it writes a line of the file log for each call:
// command, network, interface and container ID. If there is a file fail-COMMAND-NETWORK it fails with that file's text;
// if there is a FIFO gate-COMMAND-NETWORK, it waits until somebody writes to it.
func runProbe() error {
	var conf struct {
		CNIVersion, Name, Dir string
		PrevResult            json.RawMessage
	}
	if err := json.NewDecoder(os.Stdin).Decode(&conf); err != nil {
		return err
	}
	command := os.Getenv("CNI_COMMAND")
	if command == "VERSION" {
		_, err := fmt.Println(`{"cniVersion":"1.0.0","supportedVersions":["1.0.0","1.1.0"]}`)
		return err
	}
	log, err := os.OpenFile(filepath.Join(conf.Dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(log, command, conf.Name, os.Getenv("CNI_IFNAME"), os.Getenv("CNI_CONTAINERID")); err != nil {
		return err
	}
	if err := waitAtGate(filepath.Join(conf.Dir, "gate-"+command+"-"+conf.Name)); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(conf.Dir, "fail-"+command+"-"+conf.Name))
	if err == nil {
		b, _ := json.Marshal(object{"cniVersion": conf.CNIVersion, "code": 100, "msg": string(text)})
		fmt.Println(string(b))
		os.Exit(1)
	}
	if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if command == "ADD" {
		_, err := os.Stdout.Write(conf.PrevResult)
		return err
	}
	return nil
}

// waitAtGate reads one byte from a FIFO; without one it returns at once.
func waitAtGate(path string) error {
	f, err := os.Open(path) // waits for the writer
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = io.ReadFull(f, make([]byte, 1))
	return err
}
