/* Prints "NAME ADDRESS" for each address of each name on stdin, as getaddrinfo(3) finds it. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int main(void)
{
	char name[1024], text[INET6_ADDRSTRLEN];
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found, *a;

	while (fgets(name, sizeof name, stdin)) {
		name[strcspn(name, "\n")] = 0;
		if (getaddrinfo(name, 0, &hints, &found))
			continue;
		for (a = found; a; a = a->ai_next) {
			void *address = a->ai_family == AF_INET
				? (void *)&((struct sockaddr_in *)a->ai_addr)->sin_addr
				: (void *)&((struct sockaddr_in6 *)a->ai_addr)->sin6_addr;
			printf("%s %s\n", name, inet_ntop(a->ai_family, address, text, sizeof text));
		}
		freeaddrinfo(found);
	}
	return 0;
}
