# The options of an interface and of a peer, by the names that nixpkgs' networking.wireguard has for
# them (nixos/modules/services/networking/wireguard.nix), and a few of our own.
{ lib }:
let
  inherit (lib) mkOption types;
  option =
    type: default: description:
    mkOption { inherit type default description; };
  required = type: description: mkOption { inherit type description; };
  perhaps = type: option (types.nullOr type) null;
  commands = types.coercedTo (types.listOf types.str) (lib.concatStringsSep "\n") types.lines;
in
rec {
  peer = {
    name = perhaps types.str "What people call it, in `wgns-user status`.";
    publicKey = required types.str "Its public key, in base64.";
    presharedKey = perhaps types.str ''
      A preshared key, in base64. Everybody on this host can read it: presharedKeyFile keeps it.
    '';
    presharedKeyFile = perhaps types.str "A file that holds the preshared key.";
    allowedIPs = required (types.listOf types.str) "What it may send, and what is sent to it.";
    endpoint = perhaps types.str "Where it is, NAME:PORT or ADDRESS:PORT.";
    dynamicEndpointRefreshSeconds = perhaps types.ints.unsigned ''
      How often the name in `endpoint` is looked up. Without a value that of the interface holds; with
      0 it is looked up at the start, and again while the peer does not answer.
    '';
    dynamicEndpointRefreshRestartSeconds = perhaps types.ints.unsigned ''
      How long after a lookup that failed comes the next.
    '';
    persistentKeepalive = perhaps types.ints.unsigned "Seconds of silence before something is sent.";
  };

  peers = option (types.listOf (types.submodule { options = peer; })) [ ] "The peers.";

  interface = {
    type = option (types.enum [
      "wireguard"
      "amneziawg"
    ]) "wireguard" "The protocol; only wireguard is supported.";
    ips = option (types.listOf types.str) [ ] "Addresses of the interface, with their prefix lengths.";
    privateKey = perhaps types.str ''
      The private key, in base64. Everybody on this host can read it: privateKeyFile keeps it.
    '';
    privateKeyFile = perhaps types.str "A file that holds the private key.";
    generatePrivateKeyFile = option types.bool false "Make privateKeyFile if it is not there.";
    listenPort = perhaps types.port "The UDP port, any free one without a value.";
    preSetup = option commands "" "Shell commands for the host's side, before set-up.";
    postSetup = option commands "" "The same once the tunnel can carry traffic.";
    preShutdown = option commands "" "The same before it is taken down.";
    postShutdown = option commands "" "The same afterwards.";
    table = option types.str "main" "The table of the routes: main, off or a number.";
    metric = perhaps types.ints.unsigned "The metric of the routes.";
    allowedIPsAsRoutes = option types.bool true "Whether allowedIPs become routes.";
    socketNamespace = perhaps types.str ''
      A network namespace that is there already, for the UDP sockets; that of the host without a value.
    '';
    interfaceNamespace = perhaps types.str ''
      The network namespace that is made, with the interface in it; called like the interface without
      a value.
    '';
    fwMark = perhaps types.str "A mark on the packets that leave the host, such as 0x6e6978.";
    mtu = perhaps types.ints.positive "The interface's MTU.";
    dynamicEndpointRefreshSeconds = option types.ints.unsigned 0 ''
      How often names of endpoints are looked up, for every peer that says nothing else.
    '';
    extraOptions = option (types.attrsOf (
      types.oneOf [
        types.str
        types.int
      ]
    )) { } "Options of AmneziaWG, which is not supported.";
    inherit peers;

    dns = option (types.listOf types.str) [ ] "Servers and search domains for programs inside.";
    dnsEnforce = option (types.enum [
      "off"
      "redirect"
      "strict"
    ]) "off" "What happens to those that ask another server.";
    allowFromTunnel = option (types.listOf types.str) [ ] ''
      Ports that hosts behind the tunnel may reach, such as tcp/8080.
    '';
    metricsListen = perhaps types.str ''
      A port of the host's loopback that serves metrics for Prometheus, such as 127.0.0.1:9586; every
      user of the host may ask there.
    '';
    extraFirewallRules = option types.lines "" "Text of nft, behind the rules of the namespace.";
  };
}
