# Every case, with what the module makes of it.
let
  lib = import ./lib.nix;
  pkgs = {
    coreutils = "/store/coreutils";
    iproute2 = "/store/iproute2";
    util-linux = "/store/util-linux";
    wireguard-tools = "/store/wireguard-tools";
    stdenv.hostPlatform.system = "x86_64-linux";
    writeText = name: text: "/store/${builtins.hashString "sha256" text}-${name}";
    writeShellScript = name: text: "<${name}\n${text}>";
  };
  module = import ../../../packaging/nix/module.nix {
    self.packages.x86_64-linux.wgns-user = "/store/wgns-user";
  };
  made = lib.evaluate { inherit module pkgs; };
  tell = given: {
    refused = map (each: each.message) (
      builtins.filter (each: !each.assertion) (made given).assertions or [ ]
    );
    warnings = (made given).warnings or [ ];
    files = builtins.mapAttrs (_: file: file.mode + "\n" + file.text) (
      (made given).environment.etc or { }
    );
    units = builtins.mapAttrs (
      _: unit:
      removeAttrs unit [
        "path"
        "reloadTriggers"
      ]
    ) ((made given).systemd.services or { });
  };
  told =
    given:
    let
      tried = builtins.tryEval (builtins.deepSeq (tell given) (tell given));
    in
    if tried.success then tried.value else "thrown";
in
builtins.mapAttrs (_: namespace: told { services.wireguard-namespace = namespace; }) (
  import ./cases.nix
)
