# What an interface's options come to: the text of its configuration, the assertions that it has to
# pass, and what its instance of wgns-user@.service needs beyond the template. `name` is the
# instance's, `interface` has the options of options.nix with every default filled in.
{ lib, pkgs }:
let
  inherit (lib) concatStringsSep optional;

  words = concatStringsSep ", ";
  line = key: value: optional (value != null) "${key} = ${toString value}";
  list = key: values: optional (values != [ ]) "${key} = ${words values}";

  namespaceOf =
    name: interface:
    if interface.interfaceNamespace == null then name else interface.interfaceNamespace;
  isElsewhere = namespace: namespace != null && namespace != "init";
  rulesFile = name: interface: pkgs.writeText "wgns-user-${name}.nft" interface.extraFirewallRules;

  peerLines =
    peer:
    [
      ""
      "[Peer]"
      "PublicKey = ${peer.publicKey}"
    ]
    ++ line "Name" peer.name
    ++ line "PresharedKey" peer.presharedKey
    ++ line "PresharedKeyFile" peer.presharedKeyFile
    ++ list "AllowedIPs" peer.allowedIPs
    ++ line "Endpoint" peer.endpoint
    ++ line "EndpointRefreshSeconds" peer.dynamicEndpointRefreshSeconds
    ++ line "EndpointRefreshRestartSeconds" peer.dynamicEndpointRefreshRestartSeconds
    ++ line "PersistentKeepalive" peer.persistentKeepalive;

  # The file has one line for a key, and what follows a # is a comment.
  isOneLine = value: builtins.match "[^#\n]*" value != null;
  isName = value: builtins.match "[A-Za-z0-9_][A-Za-z0-9_.-]*" value != null;
  longest = most: value: builtins.stringLength value <= most;

  peerAssertions =
    at: peer:
    let
      here = "${at}: the peer ${peer.publicKey}";
    in
    [
      {
        assertion = peer.presharedKey == null || peer.presharedKeyFile == null;
        message = "${here} has both presharedKey and presharedKeyFile; keep one of them.";
      }
      {
        assertion = builtins.all isOneLine (
          [ peer.publicKey ]
          ++ peer.allowedIPs
          ++ builtins.filter builtins.isString [
            peer.name
            peer.presharedKey
            peer.presharedKeyFile
            peer.endpoint
          ]
        );
        message = "${here} has a value with a # or a line break, which the configuration cannot hold.";
      }
    ];

  script =
    name: text:
    optional (text != "") "+${
      pkgs.writeShellScript "wgns-user-${name}" ''
        set -e
        ${text}''
    }";
in
{
  inherit namespaceOf;

  configuration =
    name: interface:
    concatStringsSep "\n" (
      [ "[Interface]" ]
      ++ line "PrivateKey" interface.privateKey
      ++ line "PrivateKeyFile" interface.privateKeyFile
      ++ optional interface.generatePrivateKeyFile "GeneratePrivateKeyFile = yes"
      ++ list "Address" interface.ips
      ++ list "DNS" interface.dns
      ++ optional (interface.dnsEnforce != "off") "DNSEnforce = ${interface.dnsEnforce}"
      ++ line "MTU" interface.mtu
      ++ line "ListenPort" interface.listenPort
      ++ line "FwMark" interface.fwMark
      ++ optional (interface.table != "main") "Table = ${interface.table}"
      ++ line "Metric" interface.metric
      ++ optional (!interface.allowedIPsAsRoutes) "AllowedIPsAsRoutes = no"
      ++ line "Namespace" (namespaceOf name interface)
      ++ line "InterfaceName" interface.interfaceName or name
      ++ optional (isElsewhere interface.socketNamespace) "SocketNamespace = ${interface.socketNamespace}"
      ++ optional (
        interface.dynamicEndpointRefreshSeconds != 0
      ) "EndpointRefreshSeconds = ${toString interface.dynamicEndpointRefreshSeconds}"
      ++ list "AllowFromTunnel" interface.allowFromTunnel
      ++ line "MetricsListen" interface.metricsListen
      ++ optional (
        interface.extraFirewallRules != ""
      ) "ExtraFirewallRulesFile = ${rulesFile name interface}"
      ++ builtins.concatMap peerLines interface.peers
    )
    + "\n";

  # `at` is how its owner calls the interface.
  assertions =
    at: name: interface:
    [
      {
        assertion = interface.type == "wireguard" && interface.extraOptions == { };
        message = "${at}: AmneziaWG changes WireGuard's packets and is not supported; leave type and extraOptions out.";
      }
      {
        assertion = isName name && longest 64 name;
        message = "${at}: ${name} is no name for an instance; use 1 to 64 of A-Z a-z 0-9 _ . -, the first neither . nor -.";
      }
      {
        assertion = longest 15 (interface.interfaceName or name);
        message = "${at}: the interface's name ${interface.interfaceName or name} is longer than 15 bytes.";
      }
      {
        assertion = (interface.privateKey == null) != (interface.privateKeyFile == null);
        message = "${at}: give exactly one of privateKey and privateKeyFile.";
      }
      {
        assertion = !interface.generatePrivateKeyFile || interface.privateKeyFile != null;
        message = "${at}: generatePrivateKeyFile does not say which file; set privateKeyFile.";
      }
      {
        assertion = interface.interfaceNamespace != "init";
        message = "${at}: interfaceNamespace = \"init\" would put the interface beside the host's; here it always lives in a namespace of its own.";
      }
      {
        assertion = isName (namespaceOf name interface);
        message = "${at}: ${namespaceOf name interface} is no name for a namespace.";
      }
      {
        assertion =
          !isElsewhere interface.socketNamespace
          || interface.socketNamespace != namespaceOf name interface;
        message = "${at}: its sockets would lie in the namespace that they lead out of; choose another socketNamespace.";
      }
      {
        assertion = builtins.match "main|auto|off|[0-9]+|0x[0-9a-fA-F]+" interface.table != null;
        message = "${at}: table = \"${interface.table}\" is none of main, off and a number; the names of tables are not known inside.";
      }
      {
        assertion = interface.dnsEnforce == "off" || interface.dns != [ ];
        message = "${at}: dnsEnforce has no server to lead to; set dns.";
      }
      {
        assertion =
          interface.metricsListen == null
          || builtins.match "(127[.][0-9.]+|[[]::1]):[0-9]+" interface.metricsListen != null;
        message = "${at}: metricsListen = \"${interface.metricsListen}\" is no port of a loopback address, such as 127.0.0.1:9586.";
      }
      {
        assertion = builtins.all isOneLine (
          interface.ips
          ++ interface.dns
          ++ interface.allowFromTunnel
          ++ builtins.filter builtins.isString [
            interface.privateKey
            interface.privateKeyFile
            interface.fwMark
          ]
        );
        message = "${at} has a value with a # or a line break, which the configuration cannot hold.";
      }
    ]
    ++ builtins.concatMap (peerAssertions at) interface.peers;

  warnings =
    at: interface:
    optional (
      interface.privateKey != null
    ) "${at}: privateKey can be read by everybody on this host; use privateKeyFile."
    ++ optional (builtins.any (peer: peer.presharedKey != null) interface.peers)
      "${at}: presharedKey can be read by everybody on this host; use presharedKeyFile.";

  # A "+" lets the user's commands do what they could do in nixpkgs' unit: ours is hardened.
  serviceConfig =
    name: interface:
    lib.filterAttrs (_: value: value != [ ]) {
      ExecStartPre = script "${name}-pre-setup" interface.preSetup;
      ExecStartPost = script "${name}-post-setup" interface.postSetup;
      ExecStop = script "${name}-pre-shutdown" interface.preShutdown;
      ExecStopPost = script "${name}-post-shutdown" interface.postShutdown;
    };
}
