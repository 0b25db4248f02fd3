# NixOS: services.wireguard-namespace. It takes the options of the module of that name in both its
# forms (VTimofeenko/wg-namespace-flake, 2022: the whole tunnel; 2025: namespaceName, interfaceName)
# for one namespace, and with `interfaces` the options of nixpkgs' networking.wireguard for any
# number of them.
{ self }:
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkIf mkOption types;
  cfg = config.services.wireguard-namespace;
  options = import ./options.nix { inherit lib; };
  generate = import ./generate.nix { inherit lib pkgs; };

  singleName = if cfg.namespaceName != null then cfg.namespaceName else cfg.namespace_name;
  hasSingle = cfg.privateKeyFile != null || cfg.peers != [ ] || cfg.dns_server != null;
  # What `interfaces` would say of the one namespace.
  single = interfaceDefaults // {
    inherit (cfg)
      extraFirewallRules
      ips
      peers
      privateKeyFile
      ;
    dns = if cfg.dns_server == null then [ ] else [ cfg.dns_server ];
    interfaceName = if cfg.interfaceName != null then cfg.interfaceName else singleName;
  };
  interfaceDefaults = builtins.mapAttrs (_: option: option.default) options.interface;

  instances = (if hasSingle then { ${singleName} = single; } else { }) // cfg.interfaces;
  calledAt =
    name:
    if cfg.interfaces ? ${name} then
      "services.wireguard-namespace.interfaces.${name}"
    else
      "services.wireguard-namespace";
  forEach = make: lib.concatLists (lib.mapAttrsToList make instances);

  ownAssertions = [
    {
      assertion = instances != { } && (cfg.interfaceName == null || hasSingle);
      message = "services.wireguard-namespace: interfaces are made here, none of another module is moved; set privateKeyFile and peers.";
    }
    {
      assertion = !(hasSingle && cfg.interfaces ? ${singleName});
      message = "services.wireguard-namespace: ${singleName} is described at the top and in interfaces; keep one of them.";
    }
  ];

  service = name: interface: {
    name = "wgns-user@${name}";
    value = {
      overrideStrategy = "asDropin";
      wantedBy = [ "multi-user.target" ];
      reloadTriggers = [ (generate.configuration name interface) ];
      # For the commands of the user, as nixpkgs' unit has it.
      path = [
        pkgs.iproute2
        pkgs.wireguard-tools
      ];
      serviceConfig = generate.serviceConfig name interface;
    };
  };
  # The name by which other units know a tunnel of nixpkgs' module.
  formerService = name: _: {
    name = "wireguard-${name}";
    value = {
      description = "WireGuard tunnel ${name}, which is wgns-user@${name}.service";
      bindsTo = [ "wgns-user@${name}.service" ];
      after = [ "wgns-user@${name}.service" ];
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = "${pkgs.coreutils}/bin/true";
      };
    };
  };
in
{
  options.services.wireguard-namespace = {
    enable = mkOption {
      type = types.bool;
      default = hasSingle || cfg.interfaces != { };
      defaultText = "whether there is something to make";
      description = "Whether the namespaces are made.";
    };
    package = mkOption {
      type = types.package;
      default = self.packages.${pkgs.stdenv.hostPlatform.system}.wgns-user;
      defaultText = "wgns-user of this flake";
      description = "The package of wgns-user.";
    };
    namespace_name = mkOption {
      type = types.str;
      default = "vpn";
      description = "The network namespace that is made, and the interface in it.";
    };
    namespaceName = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "The same as namespace_name, which it overrides.";
    };
    interfaceName = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "The interface, if it is not called like its namespace.";
    };
    dns_server = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "Whom programs inside ask for names.";
    };
    inherit (options.interface)
      extraFirewallRules
      ips
      peers
      privateKeyFile
      ;
    interfaces = mkOption {
      type = types.attrsOf (types.submodule { options = options.interface; });
      default = { };
      description = "Tunnels by the names of their interfaces. Those with the same interfaceNamespace share it; the first one's firewall and DNS hold.";
    };
  };

  config = mkIf cfg.enable {
    assertions =
      ownAssertions ++ forEach (name: interface: generate.assertions (calledAt name) name interface);
    warnings = forEach (name: interface: generate.warnings (calledAt name) interface);
    environment.systemPackages = [ cfg.package ];
    # A copy and no link into the store: only root may read it.
    environment.etc = lib.mapAttrs' (name: interface: {
      name = "wgns-user/${name}.conf";
      value = {
        text = generate.configuration name interface;
        mode = "0600";
      };
    }) instances;
    systemd.packages = [ cfg.package ];
    systemd.services =
      lib.mapAttrs' service instances // lib.mapAttrs' formerService instances;
  };
}
