{
  description = "WireGuard in user space, inside a network namespace";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      systems = [ "x86_64-linux" ];
      forSystems = nixpkgs.lib.genAttrs systems;
    in
    {
      packages = forSystems (system: rec {
        wgns-user = nixpkgs.legacyPackages.${system}.callPackage ./package.nix { };
        default = wgns-user;
      });
      nixosModules = rec {
        wireguard-namespace = import ./module.nix { inherit self; };
        default = wireguard-namespace;
      };
    };
}
