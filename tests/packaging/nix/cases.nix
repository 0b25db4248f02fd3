let
  publicKey = "ziK6SLcYPyB+VniK8R9JE/qEQImDkV1mw0/ZD3ycJQU=";
  peer = {
    inherit publicKey;
    allowedIPs = [
      "0.0.0.0/0"
      "::/0"
    ];
    endpoint = "vpn.example.org:51820";
  };
  interface = {
    ips = [ "10.64.0.2/32" ];
    privateKeyFile = "/keys/private";
    peers = [ peer ];
  };
  refused = more: { interfaces.home = interface // more; };
  refusedPeer = more: { interfaces.home = interface // { peers = [ (peer // more) ]; }; };
in
{
  nothing = { };

  # VTimofeenko/wg-namespace-flake of 2022, with every option that it has.
  reference = {
    namespace_name = "vpn";
    dns_server = "10.64.0.1";
    extraFirewallRules = ''
      add rule inet my_table my_input tcp dport 22 accept
    '';
    ips = [
      "10.64.0.2/32"
      "fd64::2/128"
    ];
    privateKeyFile = "/keys/private";
    peers = [
      {
        inherit publicKey;
        presharedKeyFile = "/keys/preshared";
        allowedIPs = [ "0.0.0.0/0" ];
        endpoint = "vpn.example.org:51820";
        dynamicEndpointRefreshSeconds = 300;
        persistentKeepalive = 25;
      }
    ];
  };
  # Its names of 2025.
  aliases = {
    enable = true;
    namespaceName = "a-namespace-with-a-long-name";
    interfaceName = "mullvad";
    extraFirewallRules = "";
  }
  // interface;
  # Of 2025 too, but for an interface that somebody else makes.
  moved = {
    enable = true;
    interfaceName = "mullvad";
  };
  disabled = {
    enable = false;
  }
  // interface;

  # nixpkgs' networking.wireguard, with every option that concerns a namespace.
  everything.interfaces.wg0 = {
    type = "wireguard";
    ips = [
      "10.64.0.2/32"
      "fd64::2/128"
    ];
    privateKeyFile = "/keys/it's own/private";
    generatePrivateKeyFile = true;
    listenPort = 51820;
    preSetup = "echo pre";
    postSetup = [
      "echo post"
      "echo set-up"
    ];
    preShutdown = "echo before";
    postShutdown = "echo after";
    table = "1000";
    metric = 50;
    allowedIPsAsRoutes = false;
    socketNamespace = "uplink";
    interfaceNamespace = "inside";
    fwMark = "0x6e6978";
    mtu = 1380;
    dynamicEndpointRefreshSeconds = 60;
    extraOptions = { };
    peers = [
      (
        peer
        // {
          name = "Stockholm";
          presharedKeyFile = "/keys/preshared";
          dynamicEndpointRefreshSeconds = 0;
          dynamicEndpointRefreshRestartSeconds = 5;
          persistentKeepalive = 25;
        }
      )
    ];
    dns = [
      "10.64.0.1"
      "example.org"
    ];
    dnsEnforce = "strict";
    allowFromTunnel = [ "tcp/8080" ];
    metricsListen = "127.0.0.1:9586";
  };
  two.interfaces = {
    home = interface;
    work = interface // {
      socketNamespace = "init";
      interfaceNamespace = "office";
      table = "off";
    };
  };
  inline.interfaces.home = {
    ips = [ "10.64.0.2/32" ];
    privateKey = "kPg+I6weo39QtOWmekpbPVUoB5C3D3/4GJ/YsjM0AlE=";
    peers = [ (peer // { presharedKey = "PQTnsnVdd4Dfjr9cFzjib7UEe8jcJhYv9e/lfZ1tEyg="; }) ];
  };

  refused_amnezia = refused {
    type = "amneziawg";
    extraOptions.Jc = 4;
  };
  refused_both_keys = refused { privateKey = "kPg+I6weo39QtOWmekpbPVUoB5C3D3/4GJ/YsjM0AlE="; };
  refused_no_key.interfaces.home = {
    peers = [ peer ];
    generatePrivateKeyFile = true;
  };
  refused_init = refused { interfaceNamespace = "init"; };
  refused_own_sockets = refused { socketNamespace = "home"; };
  refused_table = refused { table = "local"; };
  refused_dns = refused { dnsEnforce = "redirect"; };
  refused_metrics = refused { metricsListen = "0.0.0.0:9586"; };
  refused_comment = refused { ips = [ "10.64.0.2/32 # mine" ]; };
  refused_long_name.interfaces.a-name-of-16-byt = interface;
  shared.interfaces = {
    home = interface // {
      interfaceNamespace = "vpn";
    };
    work = interface // {
      interfaceNamespace = "vpn";
    };
  };
  refused_twice = interface // {
    namespace_name = "home";
    interfaces.home = interface;
  };
  refused_two_preshared = refusedPeer {
    presharedKey = "PQTnsnVdd4Dfjr9cFzjib7UEe8jcJhYv9e/lfZ1tEyg=";
    presharedKeyFile = "/keys/preshared";
  };
  refused_peer_name = refusedPeer { name = "Stockholm #3"; };

  thrown_unknown = refused { mtuu = 1380; };
  thrown_type = refused { mtu = "1380"; };
  thrown_missing.interfaces.home = interface // {
    peers = [ { allowedIPs = [ ]; } ];
  };
}
